namespace VirtualCard.Execution.Steps;

/// <summary>p = f(a, b), of predicates.</summary>
internal sealed class PredicateStep(int p, PredicateSlot a, PredicateSlot b, Func<uint, uint, uint> function) : Step
{
    public override void Run(Warp warp) => warp.WritePredicate(p, function(warp.Predicate(a), warp.Predicate(b)));
}
