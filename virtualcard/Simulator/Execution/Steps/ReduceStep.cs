namespace VirtualCard.Execution.Steps;

/// <summary>redux.sync</summary>
internal sealed unsafe class ReduceStep(int d, int a, int members, Func<uint, uint, uint> function) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var results = stackalloc uint[Lanes.Count];
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var others = warp.Active & ((uint*)(r + members))[lane];
            var result = ((uint*)(r + a))[Lanes.Next(ref others)];
            while (others != 0)
                result = function(result, ((uint*)(r + a))[Lanes.Next(ref others)]);
            results[lane] = result;
        }
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((uint*)(r + d))[lane] = results[lane];
        }
    }
}
