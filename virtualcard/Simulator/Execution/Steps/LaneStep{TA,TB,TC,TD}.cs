namespace VirtualCard.Execution.Steps;

/// <summary>d = f(a, b, c)</summary>
internal sealed unsafe class LaneStep<TA, TB, TC, TD>(int d, int a, int b, int c, Func<TA, TB, TC, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane], ((TC*)(r + c))[lane]);
        }
    }
}
