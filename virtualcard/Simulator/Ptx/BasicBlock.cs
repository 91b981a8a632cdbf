namespace VirtualCard.Ptx;

/// <summary>Instructions without a jump into or out of their middle.</summary>
public sealed class BasicBlock
{
    /// <summary>Its place in the order of execution: of all blocks with threads, the lowest runs.</summary>
    public int Index { get; internal set; } = -1;

    /// <summary>A barrier, a warp-wide instruction or the test of an mbarrier, which threads wait at; runs before the others.</summary>
    public Instruction? Synchronization { get; internal set; }

    public List<Instruction> Instructions { get; } = [];

    public BlockEnd End { get; internal set; } = BlockEnd.Fall;

    /// <summary>The instruction it ends with, if any.</summary>
    public Instruction? Branch { get; internal set; }

    public List<BasicBlock> Successors { get; } = [];

    public string Name { get; internal set; } = "";
}
