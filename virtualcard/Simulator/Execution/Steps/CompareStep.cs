namespace VirtualCard.Execution.Steps;

/// <summary>p = compare(a, b), combined with a third predicate where the instruction says so; q the opposite.</summary>
/// <param name="q">-1 where there is none.</param>
internal sealed unsafe class CompareStep<T, TOperation>(int p, int q, int a, int b, PredicateCombination combination, PredicateSlot third) : Step
    where T : unmanaged
    where TOperation : struct, IComparison<T>
{
    public override void Run(Warp warp) =>
        Predicates.Write(warp, p, q, Comparison<T, TOperation>.Of(warp.Registers + a, warp.Registers + b), combination, third);
}
