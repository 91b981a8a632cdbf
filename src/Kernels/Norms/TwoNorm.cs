using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Norms;

/// <summary>The root of the sum of squares.</summary>
internal readonly struct TwoNorm : INorm
{
    public static Vector256<double> Accumulate(Vector256<double> sum, Vector256<double> numbers) => sum + numbers * numbers;

    public static double Accumulate(double sum, double number) => sum + number * number;

    public static double Combine(double a, double b) => a + b;

    public static Vector128<double> Combine(Vector128<double> a, Vector128<double> b) => a + b;

    public static double Finish(double sum) => Math.Sqrt(sum);
}
