using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Takes the low half of 64-bit integers.</summary>
internal sealed unsafe class NarrowStep(int d, int a) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<uint>();
        for (var i = 0; i < Lanes.Count; i += 8)
        {
            var value = Vector256.Narrow(Vector256.Load((ulong*)(r + a) + i), Vector256.Load((ulong*)(r + a) + i + 4));
            if (mask == null)
                value.Store((uint*)to + i);
            else
                Lanes.Blend(to, 4 * i, mask, value);
        }
    }
}
