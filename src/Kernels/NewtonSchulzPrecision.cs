namespace GpuOptim.Kernels;

/// <summary>What matrices are rounded to between the operations of Newton-Schulz. Products sum in float either way.</summary>
public enum NewtonSchulzPrecision
{
    /// <summary>bfloat16, as PyTorch does.</summary>
    BFloat16,

    /// <summary>float: slower, and as accurate as the polynomials allow.</summary>
    Float32,
}
