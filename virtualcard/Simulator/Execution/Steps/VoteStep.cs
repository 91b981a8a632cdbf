namespace VirtualCard.Execution.Steps;

/// <summary>vote, and the lanes that are active.</summary>
/// <param name="members">Where the member mask lies; -1: all that are active.</param>
internal sealed unsafe class VoteStep(int d, PredicateSlot predicate, int members, VoteMode mode) : Step
{
    public override void Run(Warp warp)
    {
        var yes = warp.Predicate(predicate) & warp.Active;
        uint result = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var seen = members < 0 ? warp.Active : warp.Active & ((uint*)(warp.Registers + members))[lane];
            var holds = mode switch
            {
                VoteMode.All => (yes & seen) == seen,
                VoteMode.Any => (yes & seen) != 0,
                _ => (yes & seen) == seen || (yes & seen) == 0,
            };
            if (mode == VoteMode.Ballot)
                ((uint*)(warp.Registers + d))[lane] = yes & seen;
            else
                result |= holds ? 1u << lane : 0;
        }
        if (mode != VoteMode.Ballot)
            warp.WritePredicate(d, result);
    }
}
