namespace GpuOptim.Kernels;

/// <summary>All that an orthogonalization is told besides the matrices and the method.</summary>
/// <param name="Steps">The coefficients of each step.</param>
/// <param name="NormScale">The norm is multiplied by this before it divides.</param>
/// <param name="Epsilon">The norm divides as this if it is smaller.</param>
/// <param name="Restarts">Before which steps <see cref="NewtonSchulzMethod.Gram"/> begins anew.</param>
internal sealed record NewtonSchulzSteps(NewtonSchulzStep[] Steps, double NormScale, double Epsilon, int[] Restarts)
{
    /// <summary>Whether the square of the short side is taken anew before a step.</summary>
    public bool StartsAt(int step) => step == 0 || Array.IndexOf(Restarts, step) >= 0;
}
