namespace VirtualCard.Execution;

/// <summary>What threads do before they execute a block.</summary>
internal enum SynchronizationKind
{
    None,

    /// <summary>Wait at a barrier of the block of threads.</summary>
    Barrier,

    /// <summary>Wait for the lanes of a warp that the instruction names, and execute it together.</summary>
    Warp,

    /// <summary>Test the phase of an mbarrier; who is told no a second time sleeps.</summary>
    Poll,
}
