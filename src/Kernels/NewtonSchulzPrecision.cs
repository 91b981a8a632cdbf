namespace GpuOptim.Kernels;

/// <summary>What matrices are rounded to between the operations of Newton-Schulz. Products sum in float with each.</summary>
public enum NewtonSchulzPrecision
{
    /// <summary>bfloat16, as PyTorch does; float where <see cref="NewtonSchulzMethod.Gram"/> is the method, for which it has too few digits.</summary>
    BFloat16,

    /// <summary>float: slower, and as accurate as the polynomials allow.</summary>
    Float32,

    /// <summary>
    /// float16: as fast as bfloat16 on tensor cores, and eight times as fine; of both methods. Matrices are normalized as floats, so they may be as large or
    /// small as float allows; coefficients must keep all numbers below 32752.
    /// </summary>
    Float16,
}
