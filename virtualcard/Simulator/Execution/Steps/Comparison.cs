using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>A predicate: whether a and b compare so.</summary>
internal static unsafe class Comparison<T, TOperation>
    where T : unmanaged
    where TOperation : struct, IComparison<T>
{
    public static uint Of(byte* x, byte* y)
    {
        uint bits = 0;
        var lanes = Vector256<byte>.Count / sizeof(T);
        for (var i = 0; i < sizeof(T); i++)
            bits |= TOperation.Apply(Lanes.Load<T>(x, i * 32), Lanes.Load<T>(y, i * 32)).ExtractMostSignificantBits() << i * lanes;
        return bits;
    }
}
