namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Completes what was sent for a table by a check that the host does not know.</summary>
/// <param name="Table">The table.</param>
/// <param name="Stride">Bytes of a rule.</param>
/// <param name="Rules">How many of its rules take factors.</param>
/// <param name="Norm">Whose check.</param>
internal readonly record struct CompleteLaunch(StepTable Table, int Stride, int Rules, IlgpuGradientNorm Norm) : IStepLaunch
{
    public void Run(IlgpuQueue queue) => queue.CompleteStep(Table, Stride, Rules, Norm.Check);
}
