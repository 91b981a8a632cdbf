namespace VirtualCard.Execution.Steps;

internal static class Predicates
{
    public static void Write(Warp warp, int p, int q, uint value, PredicateCombination combination, PredicateSlot third)
    {
        var opposite = ~value;
        if (combination != PredicateCombination.None)
        {
            var other = warp.Predicate(third);
            value = Combine(value, other, combination);
            opposite = Combine(opposite, other, combination);
        }
        if (p >= 0)
            warp.WritePredicate(p, value);
        if (q >= 0)
            warp.WritePredicate(q, opposite);
    }

    private static uint Combine(uint value, uint other, PredicateCombination combination) => combination switch
    {
        PredicateCombination.And => value & other,
        PredicateCombination.Or => value | other,
        _ => value ^ other,
    };
}
