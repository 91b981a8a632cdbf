using VirtualCard.Memory;

namespace VirtualCard.Driver.Blocks;

/// <summary>Device memory that a program allocated.</summary>
internal sealed class DeviceBlock(Allocation allocation, CardContext context)
{
    public Allocation Allocation => allocation;

    public CardContext Context => context;

    /// <summary>The call that will free it in the order of a stream.</summary>
    public CallId? FreedBy { get; set; }

    public override string ToString() => allocation.Name;
}
