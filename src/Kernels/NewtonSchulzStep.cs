namespace GpuOptim.Kernels;

/// <summary>One step of Newton-Schulz: X = a X + (b A + c A A) X with A = X Xᵀ.</summary>
/// <param name="A">Factor of X.</param>
/// <param name="B">Factor of X Xᵀ X.</param>
/// <param name="C">Factor of X Xᵀ X Xᵀ X; 0 saves one of three products.</param>
public readonly record struct NewtonSchulzStep(double A, double B, double C)
{
    /// <summary>What a singular value becomes.</summary>
    internal double Apply(double value) => value * Factor(value * value);

    /// <summary>What a singular value is multiplied by.</summary>
    /// <param name="square">Its square.</param>
    internal double Factor(double square) => A + square * (B + square * C);
}
