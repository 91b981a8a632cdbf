using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// Quotients and roots of a thread's numbers, correctly rounded, without a branch for each: estimates are corrected, which is right for all numbers
/// between 2^-100 and 2^100, and one comparison says whether all of them are.
/// </summary>
/// <remarks>
/// <c>div.rn.f32</c> and <c>sqrt.rn.f32</c> are the same arithmetic, from the same estimates, but branch for each number. Where a number is
/// out of that range, they do the work.
/// </remarks>
internal static class CorrectRounding
{
    /// <summary>The bits of 2^-100 and 2^100. Between them no remainder loses places, and nothing overflows.</summary>
    private const int LeastBits = (127 - 100) << 23, MostBits = (127 + 100) << 23;

    /// <summary>Whether the quotients are right.</summary>
    /// <param name="least">The least size among dividends and quotients; NaN if there is one.</param>
    /// <param name="most">The largest size among quotients; NaN if there is one.</param>
    public static bool Holds(float least, float most) => (int)Interop.FloatAsInt(least) >= LeastBits & (int)Interop.FloatAsInt(most) <= MostBits;

    /// <summary>a / b, right if <see cref="Holds"/>; NaN where a divisor is too large or too small.</summary>
    public static float Divide(float a, float b)
    {
        var estimate = Ptx.EstimateReciprocal(b);
        var reciprocal = Ptx.FusedMultiplyAdd(estimate, Ptx.FusedMultiplyAdd(Ptx.Negate(b), estimate, 1), estimate);
        var quotient = Ptx.Multiply(a, reciprocal);
        return Ptx.FusedMultiplyAdd(reciprocal, Ptx.FusedMultiplyAdd(Ptx.Negate(b), quotient, a), quotient);
    }

    /// <summary>The root, right if <see cref="Holds"/> of the least and the largest number.</summary>
    public static float Sqrt(float a)
    {
        var estimate = Ptx.EstimateReciprocalRoot(a);
        var root = Ptx.Multiply(a, estimate);
        return Ptx.FusedMultiplyAdd(Ptx.FusedMultiplyAdd(Ptx.Negate(root), root, a), Ptx.Multiply(estimate, 0.5f), root);
    }
}
