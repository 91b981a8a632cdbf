using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>d = op(a)</summary>
internal sealed unsafe class UnaryStep<T, TOperation>(int d, int a) : Step
    where T : unmanaged
    where TOperation : struct, IUnary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a;
        if (warp.IsFull)
        {
            for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
                Lanes.Store(to, i, TOperation.Apply(Lanes.Load<T>(x, i)));
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i)));
    }
}
