using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Norms;

/// <summary>The sum of sizes.</summary>
internal readonly struct OneNorm : INorm
{
    public static Vector256<double> Accumulate(Vector256<double> sum, Vector256<double> numbers) => sum + Vector256.Abs(numbers);

    public static double Accumulate(double sum, double number) => sum + Math.Abs(number);

    public static double Combine(double a, double b) => a + b;

    public static Vector128<double> Combine(Vector128<double> a, Vector128<double> b) => a + b;

    public static double Finish(double sum) => sum;
}
