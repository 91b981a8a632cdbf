using VirtualCard.Memory;

namespace VirtualCard.Driver.Blocks;

/// <summary>Page-locked memory.</summary>
internal sealed class HostBlock(Allocation allocation, CardContext context, bool isOwned, uint flags)
{
    public Allocation Allocation => allocation;

    public CardContext Context => context;

    /// <summary>Allocated by the driver, not only registered.</summary>
    public bool IsOwned => isOwned;

    public uint Flags => flags;

    public override string ToString() => allocation.Name;
}
