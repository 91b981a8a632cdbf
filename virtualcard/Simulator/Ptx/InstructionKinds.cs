namespace VirtualCard.Ptx;

/// <summary>What kinds of instructions there are for those who arrange them.</summary>
internal static class InstructionKinds
{
    public static bool IsBlockBarrier(this Instruction instruction) => instruction.Name is "bar" or "barrier" && !instruction.Has("warp");

    /// <summary>Waits for all lanes of a member mask, or of the warp.</summary>
    public static bool IsWarpSync(this Instruction instruction) => instruction.Name switch
    {
        "mma" or "ldmatrix" or "stmatrix" or "movmatrix" or "wmma" or "wgmma" => true,
        "shfl" or "vote" or "match" or "redux" or "elect" => instruction.Has("sync"),
        "bar" or "barrier" => instruction.Has("warp"),
        _ => false,
    };

    /// <summary>Tests a phase of an mbarrier; threads sleep there.</summary>
    public static bool IsPoll(this Instruction instruction) => instruction.Name == "mbarrier" && instruction.Has("test_wait", "try_wait");

    /// <summary>Threads wait at it, for others or for data: it starts a block.</summary>
    public static bool IsSync(this Instruction instruction) => instruction.IsBlockBarrier() || instruction.IsWarpSync() || instruction.IsPoll();

    /// <summary>Uses the async proxy or an mbarrier.</summary>
    public static bool IsAsync(this Instruction instruction) =>
        instruction.Name is "wgmma" or "mbarrier" || instruction.Name == "cp" && instruction.Has("bulk", "mbarrier");
}
