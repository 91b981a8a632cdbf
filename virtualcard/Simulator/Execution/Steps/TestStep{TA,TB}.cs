namespace VirtualCard.Execution.Steps;

/// <summary>p = compare(a, b), for types without vector comparisons.</summary>
internal sealed unsafe class TestStep<TA, TB>(int p, int q, int a, int b, Func<TA, TB, bool> function, PredicateCombination combination, PredicateSlot third) : Step
    where TA : unmanaged
    where TB : unmanaged
{
    public override void Run(Warp warp)
    {
        uint bits = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            bits |= function(((TA*)(warp.Registers + a))[lane], ((TB*)(warp.Registers + b))[lane]) ? 1u << lane : 0;
        }
        Predicates.Write(warp, p, q, bits, combination, third);
    }
}
