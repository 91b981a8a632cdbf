using GpuOptim.Kernels;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Averages the squares of gradients' rows and columns, and makes directions of them: four launches.</summary>
/// <param name="Table">The tensors.</param>
/// <param name="Batch">Their batch.</param>
/// <param name="Shape">Their shape.</param>
internal readonly record struct FactoredLaunch(StepTable Table, IlgpuUpdateBatch Batch, FactoredShape Shape) : IStepLaunch
{
    public void Run(IlgpuQueue queue)
    {
        var matrices = (long)Shape.Matrices * Table.Table.Tensors.Length;
        var sums = matrices * Shape.Bands * Shape.Columns * sizeof(double);
        var work = Batch.Work(sums + matrices * sizeof(float)).View.BaseView;
        queue.MakeFactoredDirections(Table, Shape, Batch.GradientType, work.SubView(0, sums).Cast<double>(), work.SubView(sums, matrices * sizeof(float)).Cast<float>());
    }
}
