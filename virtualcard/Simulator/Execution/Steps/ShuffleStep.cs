namespace VirtualCard.Execution.Steps;

/// <summary>shfl.sync</summary>
/// <param name="p">Where it says whether the lane exists; -1 for nowhere.</param>
internal sealed unsafe class ShuffleStep(int d, int p, int a, int b, int c, ShuffleMode mode) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var values = stackalloc uint[Lanes.Count];
        uint found = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var (by, clamp) = ((int)(((uint*)(r + b))[lane] & 31), ((uint*)(r + c))[lane]);
            var (limit, segment) = ((int)(clamp & 31), (int)(clamp >> 8 & 31));
            var lowest = lane & segment;
            var highest = lowest | (limit & ~segment & 31);
            var (source, exists) = mode switch
            {
                ShuffleMode.Up => (lane - by, lane - by >= highest),
                ShuffleMode.Down => (lane + by, lane + by <= highest),
                ShuffleMode.Butterfly => (lane ^ by, (lane ^ by) <= highest),
                _ => (lowest | (by & ~segment & 31), (lowest | (by & ~segment & 31)) <= highest),
            };
            source = exists ? source : lane;
            found |= exists ? 1u << lane : 0;
            // What a lane reads of one that does not take part is undefined.
            values[lane] = (warp.Active >> source & 1) != 0 ? ((uint*)(r + a))[source] : Memory.AddressSpace.Poison * 0x10001u;
        }
        if (d >= 0)
        {
            for (var rest = warp.Active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                ((uint*)(r + d))[lane] = values[lane];
            }
        }
        if (p >= 0)
            warp.WritePredicate(p, found);
    }
}
