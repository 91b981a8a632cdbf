namespace VirtualCard.Execution.Steps;

/// <summary>p = f(a), a predicate.</summary>
internal sealed unsafe class TestStep<TA>(int p, int a, Func<TA, bool> function) : Step
    where TA : unmanaged
{
    public override void Run(Warp warp)
    {
        uint bits = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            bits |= function(((TA*)(warp.Registers + a))[lane]) ? 1u << lane : 0;
        }
        warp.WritePredicate(p, bits);
    }
}
