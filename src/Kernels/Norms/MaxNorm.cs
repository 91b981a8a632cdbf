using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Norms;

/// <summary>The largest size; NaN if there is one.</summary>
internal readonly struct MaxNorm : INorm
{
    public static Vector256<double> Accumulate(Vector256<double> sum, Vector256<double> numbers) => Vector256.Max(sum, Vector256.Abs(numbers));

    public static double Accumulate(double sum, double number) => Combine(sum, Math.Abs(number));

    public static double Combine(double a, double b) => a >= b || double.IsNaN(a) ? a : b;

    public static Vector128<double> Combine(Vector128<double> a, Vector128<double> b) => Vector128.Max(a, b);

    public static double Finish(double sum) => sum;
}
