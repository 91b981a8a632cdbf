using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>cvt.rn of two floats to a pair of 16 bits: a above b.</summary>
internal sealed unsafe class PackHalvesStep(int d, int a, int b, bool isBFloat16) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var mask = warp.IsFull ? null : warp.Mask<uint>();
        for (var i = 0; i < 4 * 32; i += 32)
        {
            Vector256<float> high = Lanes.Load<float>(r + a, i), low = Lanes.Load<float>(r + b, i);
            var value = isBFloat16
                ? (HalfVectors.ToBFloat16(high) << 16) | HalfVectors.ToBFloat16(low)
                : (HalfVectors.ToFloat16(high) << 16) | HalfVectors.ToFloat16(low);
            if (mask == null)
                Lanes.Store(r + d, i, value);
            else
                Lanes.Blend(r + d, i, mask, value);
        }
    }
}
