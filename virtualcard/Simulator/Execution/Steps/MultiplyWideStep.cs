using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>d = a * b, twice as wide as its factors, or that plus c.</summary>
/// <param name="c">-1 where there is none.</param>
internal sealed unsafe class MultiplyWideStep(int d, int a, int b, int c, bool isSigned) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<long>();
        for (var i = 0; i < Lanes.Count; i += 8)
        {
            Vector256<long> low, high;
            if (isSigned)
            {
                var (x, y) = (Vector256.Load((int*)(r + a) + i), Vector256.Load((int*)(r + b) + i));
                low = Vector256.WidenLower(x) * Vector256.WidenLower(y);
                high = Vector256.WidenUpper(x) * Vector256.WidenUpper(y);
            }
            else
            {
                var (x, y) = (Vector256.Load((uint*)(r + a) + i), Vector256.Load((uint*)(r + b) + i));
                low = (Vector256.WidenLower(x) * Vector256.WidenLower(y)).AsInt64();
                high = (Vector256.WidenUpper(x) * Vector256.WidenUpper(y)).AsInt64();
            }
            if (c >= 0)
            {
                low += Vector256.Load((long*)(r + c) + i);
                high += Vector256.Load((long*)(r + c) + i + 4);
            }
            if (mask == null)
            {
                low.Store((long*)to + i);
                high.Store((long*)to + i + 4);
            }
            else
            {
                Lanes.Blend(to, 8 * i, mask, low);
                Lanes.Blend(to, 8 * i + 32, mask, high);
            }
        }
    }
}
