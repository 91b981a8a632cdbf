using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>cvt.rn of a float to 16 bits.</summary>
internal sealed unsafe class NarrowHalfStep(int d, int a, bool isBFloat16) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var mask = warp.IsFull ? null : warp.Mask<ushort>();
        for (var i = 0; i < 2 * 32; i += 32)
        {
            Vector256<float> x = Lanes.Load<float>(r + a, 2 * i), y = Lanes.Load<float>(r + a, 2 * i + 32);
            var value = isBFloat16
                ? Vector256.Narrow(HalfVectors.ToBFloat16(x), HalfVectors.ToBFloat16(y))
                : Vector256.Narrow(HalfVectors.ToFloat16(x), HalfVectors.ToFloat16(y));
            if (mask == null)
                Lanes.Store(r + d, i, value);
            else
                Lanes.Blend(r + d, i, mask, value);
        }
    }
}
