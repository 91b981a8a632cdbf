namespace GpuOptim.Kernels;

/// <summary>One step of Newton-Schulz: X = a X + (b A + c A A) X with A = X Xᵀ.</summary>
/// <param name="A">Factor of X.</param>
/// <param name="B">Factor of X Xᵀ X.</param>
/// <param name="C">Factor of X Xᵀ X Xᵀ X; 0 saves one of three products.</param>
public readonly record struct NewtonSchulzStep(double A, double B, double C);
