namespace VirtualCard.Execution.Steps;

/// <summary>match.sync</summary>
internal sealed unsafe class MatchStep(int d, int p, int a, int size, int members, bool isAll) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var results = stackalloc uint[Lanes.Count];
        uint all = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var seen = warp.Active & ((uint*)(r + members))[lane];
            var mine = LaneBits.Read(r + a, lane, size);
            uint same = 0;
            for (var others = seen; others != 0;)
            {
                var other = Lanes.Next(ref others);
                same |= LaneBits.Read(r + a, other, size) == mine ? 1u << other : 0;
            }
            all |= same == seen ? 1u << lane : 0;
            results[lane] = isAll && same != seen ? 0 : same;
        }
        for (var rest = warp.Active; rest != 0 && d >= 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((uint*)(r + d))[lane] = results[lane];
        }
        if (p >= 0)
            warp.WritePredicate(p, all);
    }
}
