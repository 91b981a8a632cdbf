using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

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
