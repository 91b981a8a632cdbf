using System.Runtime.InteropServices;
using VirtualCard.Driver.Cards;

namespace VirtualCard.Driver.Exports;

/// <summary>The primary contexts, one a card.</summary>
internal static unsafe class PrimaryContextCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static Result Retain(ulong* result, int device) => Entry.Plain("cuDevicePrimaryCtxRetain", () =>
    {
        DeviceCalls.CheckOutput(result);
        var card = Machine.FindCard(device);
        card.Primary ??= new(card, card.PrimaryFlags);
        card.PrimaryHolders++;
        *result = card.Primary.Handle;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRelease")]
    private static Result Release(int device) => ReleaseIn("cuDevicePrimaryCtxRelease", device);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    private static Result Release2(int device) => ReleaseIn("cuDevicePrimaryCtxRelease_v2", device);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxReset")]
    private static Result Reset(int device) => ResetIn("cuDevicePrimaryCtxReset", device);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxReset_v2")]
    private static Result Reset2(int device) => ResetIn("cuDevicePrimaryCtxReset_v2", device);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxSetFlags")]
    private static Result SetFlags(int device, uint flags) => SetFlagsIn("cuDevicePrimaryCtxSetFlags", device, flags);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxSetFlags_v2")]
    private static Result SetFlags2(int device, uint flags) => SetFlagsIn("cuDevicePrimaryCtxSetFlags_v2", device, flags);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxGetState")]
    private static Result GetState(int device, uint* flags, int* active) => Entry.Plain("cuDevicePrimaryCtxGetState", () =>
    {
        var card = Machine.FindCard(device);
        DeviceCalls.Give(flags, card.PrimaryFlags);
        return DeviceCalls.Give(active, card.Primary is null ? 0 : 1);
    });

    private static Result ReleaseIn(string call, int device) => Entry.Plain(call, () =>
    {
        var card = Machine.FindCard(device);
        // A reset releases nothing: who held the context still has to, and may.
        if (card.PrimaryHolders == 0)
            throw new DriverException(Result.InvalidContext, $"nobody holds the primary context of {card}");
        if (--card.PrimaryHolders == 0)
            Destroy(card);
        return Result.Success;
    });

    private static Result ResetIn(string call, int device) => Entry.Plain(call, () =>
    {
        Destroy(Machine.FindCard(device));
        return Result.Success;
    });

    private static Result SetFlagsIn(string call, int device, uint flags) => Entry.Plain(call, () =>
    {
        Machine.FindCard(device).PrimaryFlags = flags;
        return Result.Success;
    });

    private static void Destroy(Card card)
    {
        if (card.Primary is { } primary)
            ContextCalls.DestroyContext(primary);
        card.Primary = null;
    }
}
