using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>A basic block whose instructions are compiled.</summary>
internal sealed class CompiledBlock
{
    public required BasicBlock Source { get; init; }

    public required Step[] Steps { get; init; }

    /// <summary>The instruction of each step.</summary>
    public required Instruction[] Instructions { get; init; }

    public required int[] Successors { get; init; }

    public BlockEnd End => Source.End;

    public int Index => Source.Index;

    public PredicateSlot Guard { get; init; }

    /// <summary>Where the index of a brx lies.</summary>
    public int SwitchIndex { get; init; }

    public SynchronizationKind Synchronization { get; init; }

    /// <summary>The warp-wide instruction.</summary>
    public Step? WarpStep { get; init; }

    /// <summary>Where the member mask of a warp-wide instruction lies; -1 where it needs the whole warp.</summary>
    public int Members { get; init; } = -1;

    /// <summary>The warp-wide instruction is one of four warps.</summary>
    public bool NeedsWarpgroup => Source.Synchronization is { Name: "wgmma", Modifiers: ["mma_async", ..] };

    public BarrierStep? Barrier { get; init; }

    public PollStep? Poll { get; init; }

    /// <summary>The line of its first instruction.</summary>
    public int Line => (Source.Synchronization ?? (Source.Instructions.Count > 0 ? Source.Instructions[0] : Source.Branch))?.Line ?? 0;
}
