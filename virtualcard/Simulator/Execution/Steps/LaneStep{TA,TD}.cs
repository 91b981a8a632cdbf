namespace VirtualCard.Execution.Steps;

/// <summary>d = f(a), lane by lane: for what is rare or has no vector instruction.</summary>
internal sealed unsafe class LaneStep<TA, TD>(int d, int a, Func<TA, TD> function) : Step
    where TA : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane]);
        }
    }
}
