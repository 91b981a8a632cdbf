namespace VirtualCard.Execution.Async;

/// <summary>What an instruction does with an mbarrier.</summary>
internal enum MBarrierOperation
{
    Initialize,
    Invalidate,
    Arrive,
    ArriveDrop,

    /// <summary>Expects bytes, and arrives.</summary>
    ArriveExpect,

    /// <summary>Expects bytes, and arrives for this phase and all that come.</summary>
    ArriveDropExpect,

    Expect,
    Complete,
}
