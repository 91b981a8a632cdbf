using System.Numerics;

namespace VirtualCard.Execution.Steps;

/// <summary>elect.sync: the lowest of the members.</summary>
internal sealed unsafe class ElectStep(int d, int p, int members) : Step
{
    public override void Run(Warp warp)
    {
        uint leaders = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var leader = BitOperations.TrailingZeroCount(warp.Active & ((uint*)(warp.Registers + members))[lane]);
            leaders |= leader == lane ? 1u << lane : 0;
            if (d >= 0)
                ((uint*)(warp.Registers + d))[lane] = (uint)leader;
        }
        if (p >= 0)
            warp.WritePredicate(p, leaders);
    }
}
