namespace VirtualCard.Execution.Async;

/// <summary>A product of a warpgroup in flight.</summary>
/// <param name="firstWarp">Of the four.</param>
/// <param name="groups">For each warp, how many groups it had committed before.</param>
/// <param name="hold">The operands in shared memory.</param>
internal sealed class ProductFlight(int firstWarp, int[] groups, int[] accumulators, int[] fragments, ProductShape shape, int line, Hold hold)
{
    public int FirstWarp => firstWarp;

    public int[] Groups => groups;

    /// <summary>The tracked registers that take the sum.</summary>
    public int[] Accumulators => accumulators;

    /// <summary>Those that hold A.</summary>
    public int[] Fragments => fragments;

    public ProductShape Shape => shape;

    public int Line => line;

    public Hold Hold => hold;

    /// <summary>Which of the four warps have not waited for it.</summary>
    public uint Waiting { get; set; } = (1 << ProductShape.Warps) - 1;

    /// <summary>Whether its operands may still be read.</summary>
    public bool IsReading { get; set; } = true;

    /// <summary>Whether a warp has not waited for it.</summary>
    public bool IsOf(Warp warp) => (uint)(warp.Index - firstWarp) < ProductShape.Warps && (Waiting >> (warp.Index - firstWarp) & 1) != 0;
}
