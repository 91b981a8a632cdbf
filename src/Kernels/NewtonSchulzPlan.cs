namespace GpuOptim.Kernels;

/// <summary>All that an orthogonalization is told besides the matrices.</summary>
/// <param name="Steps">The coefficients of each step.</param>
/// <param name="NormScale">The norm is multiplied by this before it divides.</param>
/// <param name="Epsilon">The norm divides as this if it is smaller.</param>
internal sealed record NewtonSchulzPlan(NewtonSchulzStep[] Steps, double NormScale, double Epsilon);
