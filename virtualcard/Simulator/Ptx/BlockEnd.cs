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
