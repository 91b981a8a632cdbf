using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Norms;

/// <summary>A norm of many numbers, accumulated in double precision in the order of <see cref="NormOrder"/>. What is accumulated begins with 0.</summary>
internal interface INorm
{
    /// <summary>Takes in numbers, side by side.</summary>
    static abstract Vector256<double> Accumulate(Vector256<double> sum, Vector256<double> numbers);

    /// <summary>Takes in a number.</summary>
    static abstract double Accumulate(double sum, double number);

    /// <summary>Of two sets of numbers, that of all.</summary>
    static abstract double Combine(double a, double b);

    /// <summary>The same for several sets, side by side.</summary>
    static abstract Vector128<double> Combine(Vector128<double> a, Vector128<double> b);

    /// <summary>The norm.</summary>
    static abstract double Finish(double sum);
}
