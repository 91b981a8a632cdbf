using System.Numerics;
using System.Runtime.CompilerServices;

namespace VirtualCard.Execution.Steps;

/// <summary>st of numbers to global, shared, local memory, or wherever a generic address points.</summary>
/// <param name="sources">The registers of the vector's parts.</param>
/// <param name="registerSizes">Bytes of a lane of each, which may be wider than what is stored.</param>
internal sealed unsafe class StoreStep<T>(AddressOperand address, int[] sources, int[] registerSizes) : MemoryStep(address, Unsafe.SizeOf<T>() * sources.Length)
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly bool _isPlain = registerSizes.All(size => size == sizeof(T));

    protected override void OnGlobal(Warp warp, ulong* addresses)
    {
        if (!_isPlain || Addresses.PatternOf(warp, addresses, AccessBytes) != AddressPattern.Contiguous)
        {
            OnGlobal(warp, addresses, warp.Active);
            return;
        }
        var runner = warp.Runner;
        var address = addresses[0];
        var bytes = AccessBytes * Lanes.Count;
        var destination = (T*)runner.TryResolveGlobal(Operand.Site, address, bytes, AccessBytes, out var allocation);
        if (destination == null)
        {
            OnGlobal(warp, addresses, warp.Active);
            return;
        }
        allocation.MarkWritten((long)(address - allocation.Start), bytes);
        runner.Counters?.Contiguous(allocation, address, bytes, isStore: true);
        var count = sources.Length;
        if (count == 1)
        {
            Lanes.Copy((byte*)destination, warp.Registers + sources[0], sizeof(T) * Lanes.Count);
            return;
        }
        for (var i = 0; i < count; i++)
        {
            var source = (T*)(warp.Registers + sources[i]);
            for (var lane = 0; lane < Lanes.Count; lane += 4)
            {
                destination[lane * count + i] = source[lane];
                destination[(lane + 1) * count + i] = source[lane + 1];
                destination[(lane + 2) * count + i] = source[lane + 2];
                destination[(lane + 3) * count + i] = source[lane + 3];
            }
        }
    }

    protected override void OnGlobal(Warp warp, ulong* addresses, uint lanes)
    {
        if (lanes == 0)
            return;
        var runner = warp.Runner;
        runner.Counters?.Scattered(addresses, lanes, AccessBytes, isStore: true);
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var address = addresses[lane];
            var destination = runner.ResolveGlobal(Operand.Site, address, AccessBytes, AccessBytes, lane, "global store", out var allocation);
            allocation.MarkWritten((long)(address - allocation.Start), AccessBytes);
            runner.Counters?.Mark(allocation, address, AccessBytes, isStore: true);
            Write(warp, lane, (T*)destination);
        }
    }

    protected override void OnShared(Warp warp, ulong* addresses, uint lanes, ulong window)
    {
        if (lanes == 0)
            return;
        var runner = warp.Runner;
        runner.Counters?.Shared(addresses, lanes, AccessBytes, isStore: true);
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var address = addresses[lane] - window;
            var destination = runner.ResolveShared(Operand.Site, address, AccessBytes, AccessBytes, lane, "store");
            runner.NoteSharedWrite(warp, lane, (uint)address - SharedLayout.Base, AccessBytes, Operand.Line);
            Write(warp, lane, (T*)destination);
        }
    }

    protected override void OnLocal(Warp warp, ulong* addresses, uint lanes, ulong window)
    {
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            Write(warp, lane, (T*)warp.Runner.ResolveLocal(warp, Operand.Site, addresses[lane] - window, AccessBytes, AccessBytes, lane, "store"));
        }
        warp.Runner.Statistics.LocalStoreBytes += (long)BitOperations.PopCount(lanes) * AccessBytes;
    }

    private void Write(Warp warp, int lane, T* destination)
    {
        for (var i = 0; i < sources.Length; i++)
        {
            var register = warp.Registers + sources[i];
            destination[i] = _isPlain ? ((T*)register)[lane] : T.CreateTruncating(LaneBits.Read(register, lane, registerSizes[i]));
        }
    }
}
