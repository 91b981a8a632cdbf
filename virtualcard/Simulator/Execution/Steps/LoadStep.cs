using System.Numerics;
using System.Runtime.CompilerServices;

namespace VirtualCard.Execution.Steps;

/// <summary>ld of numbers from global, shared, local memory, or wherever a generic address points.</summary>
/// <param name="destinations">The registers of the vector's parts; -1 takes nothing.</param>
/// <param name="registerSize">Bytes of a lane of these registers, which may be wider than what is loaded.</param>
/// <param name="isSigned">Whether the number's sign fills what is wider.</param>
internal sealed unsafe class LoadStep<T>(AddressOperand address, int[] destinations, int registerSize, bool isSigned) : MemoryStep(address, Unsafe.SizeOf<T>() * destinations.Length)
    where T : unmanaged, IBinaryInteger<T>
{
    protected override void OnGlobal(Warp warp, ulong* addresses)
    {
        var runner = warp.Runner;
        var pattern = Addresses.PatternOf(warp, addresses, AccessBytes);
        var address = addresses[0];
        var bytes = pattern == AddressPattern.Uniform ? AccessBytes : AccessBytes * Lanes.Count;
        Memory.Allocation allocation = null!;
        var source = pattern == AddressPattern.Scattered ? null : runner.TryResolveGlobal(Operand.Site, address, bytes, AccessBytes, out allocation);
        // One by one, it shows which lane is at fault.
        if (source == null || allocation.FirstUnwritten((long)(address - allocation.Start), bytes) >= 0)
        {
            OnGlobal(warp, addresses, warp.Active);
            return;
        }
        if (runner.Counters is { } counters)
        {
            if (pattern == AddressPattern.Contiguous)
            {
                counters.Contiguous(allocation, address, bytes, isStore: false);
            }
            else
            {
                counters.Scattered(addresses, warp.Active, AccessBytes, isStore: false);
                counters.Mark(allocation, address, bytes, isStore: false);
            }
        }
        if (pattern == AddressPattern.Uniform)
        {
            for (var i = 0; i < destinations.Length; i++)
            {
                if (destinations[i] >= 0)
                    Lanes.Fill(warp.Registers + destinations[i], registerSize, Widened(((T*)source)[i]));
            }
        }
        else
        {
            Spread(warp, (T*)source);
        }
    }

    /// <summary>Gives each lane its part of what lies in sequence.</summary>
    private void Spread(Warp warp, T* source)
    {
        var count = destinations.Length;
        if (registerSize != sizeof(T))
        {
            for (var lane = 0; lane < Lanes.Count; lane++)
                Write(warp, lane, source + lane * count);
            return;
        }
        if (count == 1)
        {
            if (destinations[0] >= 0)
                Lanes.Copy(warp.Registers + destinations[0], (byte*)source, sizeof(T) * Lanes.Count);
            return;
        }
        for (var i = 0; i < count; i++)
        {
            if (destinations[i] < 0)
                continue;
            var destination = (T*)(warp.Registers + destinations[i]);
            for (var lane = 0; lane < Lanes.Count; lane += 4)
            {
                destination[lane] = source[lane * count + i];
                destination[lane + 1] = source[(lane + 1) * count + i];
                destination[lane + 2] = source[(lane + 2) * count + i];
                destination[lane + 3] = source[(lane + 3) * count + i];
            }
        }
    }

    protected override void OnGlobal(Warp warp, ulong* addresses, uint lanes)
    {
        if (lanes == 0)
            return;
        var runner = warp.Runner;
        runner.Counters?.Scattered(addresses, lanes, AccessBytes, isStore: false);
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var address = addresses[lane];
            var source = runner.ResolveGlobal(Operand.Site, address, AccessBytes, AccessBytes, lane, "global load", out var allocation);
            BlockRunner.CheckWritten(allocation, address, AccessBytes, lane, "global load");
            runner.Counters?.Mark(allocation, address, AccessBytes, isStore: false);
            Write(warp, lane, (T*)source);
        }
    }

    protected override void OnShared(Warp warp, ulong* addresses, uint lanes, ulong window)
    {
        if (lanes == 0)
            return;
        var runner = warp.Runner;
        runner.Counters?.Shared(addresses, lanes, AccessBytes, isStore: false);
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var address = addresses[lane] - window;
            var source = runner.ResolveShared(Operand.Site, address, AccessBytes, AccessBytes, lane, "load");
            runner.NoteSharedRead(warp, lane, (uint)address - SharedLayout.Base, AccessBytes, Operand.Line);
            Write(warp, lane, (T*)source);
        }
    }

    protected override void OnLocal(Warp warp, ulong* addresses, uint lanes, ulong window)
    {
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            Write(warp, lane, (T*)warp.Runner.ResolveLocal(warp, Operand.Site, addresses[lane] - window, AccessBytes, AccessBytes, lane, "load"));
        }
        warp.Runner.Statistics.LocalLoadBytes += (long)BitOperations.PopCount(lanes) * AccessBytes;
    }

    private void Write(Warp warp, int lane, T* source)
    {
        for (var i = 0; i < destinations.Length; i++)
        {
            if (destinations[i] < 0)
                continue;
            var register = warp.Registers + destinations[i];
            if (registerSize == sizeof(T))
                ((T*)register)[lane] = source[i];
            else
                LaneBits.Write(register, lane, registerSize, Widened(source[i]));
        }
    }

    private ulong Widened(T value) => LaneBits.Extend(ulong.CreateTruncating(value), sizeof(T), isSigned);
}
