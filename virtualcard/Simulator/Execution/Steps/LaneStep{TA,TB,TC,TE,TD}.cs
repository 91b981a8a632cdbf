namespace VirtualCard.Execution.Steps;

/// <summary>d = f(a, b, c, e)</summary>
internal sealed unsafe class LaneStep<TA, TB, TC, TE, TD>(int d, int a, int b, int c, int e, Func<TA, TB, TC, TE, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TE : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane], ((TC*)(r + c))[lane], ((TE*)(r + e))[lane]);
        }
    }
}
