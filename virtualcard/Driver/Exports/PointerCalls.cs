using System.Runtime.InteropServices;
using VirtualCard.Memory;

namespace VirtualCard.Driver.Exports;

/// <summary>What is known of a pointer.</summary>
internal static unsafe class PointerCalls
{
    private const int HostMemory = 1;

    private const int DeviceMemory = 2;

    [UnmanagedCallersOnly(EntryPoint = "cuPointerGetAttribute")]
    private static Result GetAttribute(void* result, int attribute, ulong pointer) => Entry.Plain("cuPointerGetAttribute", () =>
    {
        DeviceCalls.CheckOutput(result);
        // Programs ask in order to find out: an unknown pointer is no fault.
        return Machine.Memory.Find(pointer) is { } allocation ? Give(result, attribute, pointer, allocation) : Result.InvalidValue;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuPointerGetAttributes")]
    private static Result GetAttributes(uint count, int* attributes, void** results, ulong pointer) => Entry.Plain("cuPointerGetAttributes", () =>
    {
        DeviceCalls.CheckOutput(attributes);
        DeviceCalls.CheckOutput(results);
        var allocation = Machine.Memory.Find(pointer);
        for (var i = 0u; i < count; i++)
        {
            if (allocation is null)
                new Span<byte>(results[i], SizeOf(attributes[i])).Clear();
            else if (Give(results[i], attributes[i], pointer, allocation) is var result and not Result.Success)
                return result;
        }
        return Result.Success;
    });

    private static int SizeOf(int attribute) => attribute is 2 or 6 or 8 or 9 or 13 ? 4 : 8;

    private static Result Give(void* result, int attribute, ulong pointer, Allocation allocation)
    {
        var isDevice = allocation.Kind == AllocationKind.Device;
        var context = (CardContext)allocation.Owner!;
        switch (attribute)
        {
            case 1:
                *(ulong*)result = context.Handle;
                break;
            case 2:
                *(int*)result = isDevice ? DeviceMemory : HostMemory;
                break;
            case 3:
                *(ulong*)result = pointer;
                break;
            case 4:
                if (isDevice)
                    return Result.InvalidValue;
                *(ulong*)result = pointer;
                break;
            // Synchronizing memory operations; managed memory.
            case 6 or 8:
                *(int*)result = 0;
                break;
            case 7:
                *(ulong*)result = allocation.Start;
                break;
            case 9:
                *(int*)result = context.Card.Ordinal;
                break;
            case 11:
                *(ulong*)result = allocation.Start;
                break;
            case 12:
                *(nuint*)result = (nuint)allocation.Length;
                break;
            case 13:
                *(int*)result = 1;
                break;
            default:
                throw new DriverException(Result.InvalidValue, $"the attribute {attribute} is not modelled");
        }
        return Result.Success;
    }
}
