using System.Runtime.InteropServices;
using System.Text;
using VirtualCard.Driver.Cards;

namespace VirtualCard.Driver.Exports;

/// <summary>Initialization, cards and their properties.</summary>
internal static unsafe class DeviceCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuInit")]
    private static Result Init(uint flags) => Entry.Anytime("cuInit", () =>
    {
        if (flags != 0)
            throw new DriverException(Result.InvalidValue, "the flags are not 0");
        Machine.Initialize();
        return Machine.Cards.Length > 0 ? Result.Success : Result.NoDevice;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDriverGetVersion")]
    private static Result DriverGetVersion(int* version) => Entry.Anytime("cuDriverGetVersion", () => Give(version, Machine.Version));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGet")]
    private static Result Get(int* device, int ordinal) =>
        Entry.Plain("cuDeviceGet", () => Give(device, Machine.FindCard(ordinal).Ordinal));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetCount")]
    private static Result GetCount(int* count) => Entry.Plain("cuDeviceGetCount", () => Give(count, Machine.Cards.Length));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetName")]
    private static Result GetName(byte* name, int length, int device) => Entry.Plain("cuDeviceGetName", () =>
    {
        CheckOutput(name);
        Text.Give(name, length, Machine.FindCard(device).Model.Name);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetUuid")]
    private static Result GetUuid(byte* uuid, int device) => GiveUuid("cuDeviceGetUuid", uuid, device);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetUuid_v2")]
    private static Result GetUuid2(byte* uuid, int device) => GiveUuid("cuDeviceGetUuid_v2", uuid, device);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceTotalMem_v2")]
    private static Result TotalMemory(nuint* bytes, int device) =>
        Entry.Plain("cuDeviceTotalMem_v2", () => Give(bytes, (nuint)Machine.FindCard(device).MemoryBytes));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetAttribute")]
    private static Result GetAttribute(int* value, int attribute, int device) => Entry.Plain("cuDeviceGetAttribute", () =>
        Give(value, DeviceAttributes.Find(attribute, Machine.FindCard(device)) ?? throw new DriverException(Result.InvalidValue, $"there is no attribute {attribute}")));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceCanAccessPeer")]
    private static Result CanAccessPeer(int* canAccess, int device, int peer) => Entry.Plain("cuDeviceCanAccessPeer", () =>
        Give(canAccess, Machine.FindCard(device) != Machine.FindCard(peer) ? 1 : 0));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetP2PAttribute")]
    private static Result GetPeerAttribute(int* value, int attribute, int source, int destination) => Entry.Plain("cuDeviceGetP2PAttribute", () =>
    {
        if (Machine.FindCard(source) == Machine.FindCard(destination))
            throw new DriverException(Result.InvalidDevice, "source and destination are one card");
        return Give(value, attribute switch
        {
            // A rank; access; atomics; arrays.
            1 => 0,
            2 or 3 => 1,
            4 => 0,
            _ => throw new DriverException(Result.InvalidValue, $"there is no attribute {attribute}"),
        });
    });

    /// <summary>Writes a result where the caller wants it.</summary>
    public static Result Give<T>(T* target, T value)
        where T : unmanaged
    {
        CheckOutput(target);
        *target = value;
        return Result.Success;
    }

    public static void CheckOutput(void* target)
    {
        if (target == null)
            throw new DriverException(Result.InvalidValue, "the pointer for the result is null");
    }

    private static Result GiveUuid(string call, byte* uuid, int device) => Entry.Plain(call, () =>
    {
        CheckOutput(uuid);
        var text = Encoding.ASCII.GetBytes($"virtual card {Machine.FindCard(device).Ordinal,3}");
        text.AsSpan(0, 16).CopyTo(new Span<byte>(uuid, 16));
        return Result.Success;
    });
}
