using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>d = op(a, b)</summary>
internal sealed unsafe class BinaryStep<T, TOperation>(int d, int a, int b) : Step
    where T : unmanaged
    where TOperation : struct, IBinary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a, y = r + b;
        if (warp.IsFull)
        {
            if (sizeof(T) < 4)
            {
                for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
                    Lanes.Store(to, i, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i)));
                return;
            }
            for (var i = 0; i < Lanes.Count * sizeof(T); i += 4 * Vector256<byte>.Count)
            {
                var v0 = TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i));
                var v1 = TOperation.Apply(Lanes.Load<T>(x, i + 32), Lanes.Load<T>(y, i + 32));
                var v2 = TOperation.Apply(Lanes.Load<T>(x, i + 64), Lanes.Load<T>(y, i + 64));
                var v3 = TOperation.Apply(Lanes.Load<T>(x, i + 96), Lanes.Load<T>(y, i + 96));
                Lanes.Store(to, i, v0);
                Lanes.Store(to, i + 32, v1);
                Lanes.Store(to, i + 64, v2);
                Lanes.Store(to, i + 96, v3);
            }
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i)));
    }
}
