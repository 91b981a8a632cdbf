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

/// <summary>cvt of 16 bits to a float, which is exact.</summary>
internal sealed unsafe class WidenHalfStep(int d, int a, bool isBFloat16) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var mask = warp.IsFull ? null : warp.Mask<float>();
        for (var i = 0; i < 2 * 32; i += 32)
        {
            var halves = Lanes.Load<ushort>(r + a, i);
            Vector256<uint> x = Vector256.WidenLower(halves), y = Vector256.WidenUpper(halves);
            Vector256<float> low = isBFloat16 ? HalfVectors.FromBFloat16(x) : HalfVectors.FromFloat16(x);
            Vector256<float> high = isBFloat16 ? HalfVectors.FromBFloat16(y) : HalfVectors.FromFloat16(y);
            if (mask == null)
            {
                Lanes.Store(r + d, 2 * i, low);
                Lanes.Store(r + d, 2 * i + 32, high);
            }
            else
            {
                Lanes.Blend(r + d, 2 * i, mask, low);
                Lanes.Blend(r + d, 2 * i + 32, mask, high);
            }
        }
    }
}
