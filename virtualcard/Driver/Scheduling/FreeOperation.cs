using VirtualCard.Driver.Blocks;

namespace VirtualCard.Driver.Scheduling;

/// <summary>Memory that is freed in the order of a stream.</summary>
internal sealed class FreeOperation(DeviceBlock block) : Operation
{
    public override void Execute(Work work) => Machine.DeviceMemory.Free(block);

    public override string ToString() => $"free of {block}";
}
