namespace VirtualCard.Execution;

/// <summary>Where a warp stopped.</summary>
internal enum WarpState
{
    /// <summary>All its threads have ended.</summary>
    Done,

    /// <summary>It can go on: it only lets others have a turn.</summary>
    Ready,

    /// <summary>It can go on, and has for long: it may wait in a loop for others, of other blocks, too.</summary>
    Spent,

    /// <summary>Its threads wait for others.</summary>
    Waiting,
}
