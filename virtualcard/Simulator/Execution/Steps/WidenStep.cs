using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Converts 32-bit integers to 64 bits.</summary>
internal sealed unsafe class WidenStep(int d, int a, bool isSigned) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<long>();
        // From the end: the wide register may begin where the narrow one does.
        for (var i = Lanes.Count - 8; i >= 0; i -= 8)
        {
            var x = Vector256.Load((int*)(r + a) + i);
            var low = isSigned ? Vector256.WidenLower(x) : Vector256.WidenLower(x.AsUInt32()).AsInt64();
            var high = isSigned ? Vector256.WidenUpper(x) : Vector256.WidenUpper(x.AsUInt32()).AsInt64();
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
