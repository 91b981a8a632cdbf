using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>d = p ? a : b</summary>
internal sealed unsafe class SelectStep<T>(int d, int a, int b, PredicateSlot predicate) : Step
    where T : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var active = warp.Active;
        var where = warp.Predicate(predicate);
        byte* to = r + d;
        // Whoever is inactive keeps what it has.
        if (!warp.IsFull)
        {
            for (var rest = active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                ((T*)to)[lane] = ((T*)(r + ((where >> lane & 1) != 0 ? a : b)))[lane];
            }
            return;
        }
        byte* x = r + a, y = r + b;
        if (sizeof(T) == 4)
        {
            var bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
            for (var i = 0; i < 4; i++)
            {
                var mask = Vector256.Equals(Vector256.Create((int)(where >> 8 * i)) & bits, bits);
                Lanes.Store(to, 32 * i, Vector256.ConditionalSelect(mask, Lanes.Load<int>(x, 32 * i), Lanes.Load<int>(y, 32 * i)));
            }
        }
        else if (sizeof(T) == 8)
        {
            var bits = Vector256.Create(1L, 2, 4, 8);
            for (var i = 0; i < 8; i++)
            {
                var mask = Vector256.Equals(Vector256.Create((long)(where >> 4 * i)) & bits, bits);
                Lanes.Store(to, 32 * i, Vector256.ConditionalSelect(mask, Lanes.Load<long>(x, 32 * i), Lanes.Load<long>(y, 32 * i)));
            }
        }
        else
        {
            for (var lane = 0; lane < Lanes.Count; lane++)
                ((T*)to)[lane] = (where >> lane & 1) != 0 ? ((T*)x)[lane] : ((T*)y)[lane];
        }
    }
}
