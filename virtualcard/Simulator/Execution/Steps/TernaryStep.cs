using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>d = op(a, b, c)</summary>
internal sealed unsafe class TernaryStep<T, TOperation>(int d, int a, int b, int c) : Step
    where T : unmanaged
    where TOperation : struct, ITernary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a, y = r + b, z = r + c;
        if (warp.IsFull)
        {
            for (var i = 0; i < Lanes.Count * sizeof(T); i += 2 * Vector256<byte>.Count)
            {
                var v0 = TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i), Lanes.Load<T>(z, i));
                var v1 = TOperation.Apply(Lanes.Load<T>(x, i + 32), Lanes.Load<T>(y, i + 32), Lanes.Load<T>(z, i + 32));
                Lanes.Store(to, i, v0);
                Lanes.Store(to, i + 32, v1);
            }
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i), Lanes.Load<T>(z, i)));
    }
}
