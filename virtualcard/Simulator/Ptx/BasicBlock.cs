namespace VirtualCard.Ptx;

/// <summary>How a basic block ends.</summary>
public enum BlockEnd
{
    /// <summary>Goes on in the only successor.</summary>
    Fall,

    /// <summary>Jumps to the only successor.</summary>
    Jump,

    /// <summary>Where the guard of <see cref="BasicBlock.Branch"/> holds, to the first successor, else to the second.</summary>
    Branch,

    /// <summary>brx.idx: to the successor with the number in its first operand.</summary>
    Switch,

    /// <summary>The threads end.</summary>
    Exit,

    /// <summary>The threads for which the guard holds end, the others go to the only successor.</summary>
    GuardedExit,
}

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
