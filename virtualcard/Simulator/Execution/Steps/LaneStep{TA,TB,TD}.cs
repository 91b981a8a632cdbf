namespace VirtualCard.Execution.Steps;

/// <summary>d = f(a, b)</summary>
internal sealed unsafe class LaneStep<TA, TB, TD>(int d, int a, int b, Func<TA, TB, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane]);
        }
    }
}
