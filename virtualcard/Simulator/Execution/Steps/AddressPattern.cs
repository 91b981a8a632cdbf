namespace VirtualCard.Execution.Steps;

/// <summary>How the addresses of a warp lie to each other.</summary>
internal enum AddressPattern
{
    Scattered,

    /// <summary>All lanes are active, each access begins where the one before ends.</summary>
    Contiguous,

    /// <summary>All lanes are active and have the same address.</summary>
    Uniform,
}
