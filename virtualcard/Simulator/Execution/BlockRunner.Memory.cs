using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <content>Finds the bytes that an address means.</content>
internal sealed unsafe partial class BlockRunner
{
    /// <summary>The bytes of an access to global memory.</summary>
    /// <param name="site">The instruction's number among those that access memory.</param>
    /// <param name="align">What the address must be a multiple of.</param>
    public byte* ResolveGlobal(int site, ulong address, long bytes, int align, int lane, string what, out Allocation allocation)
    {
        if ((address & (uint)(align - 1)) != 0)
            throw new StepFault(FaultKind.MisalignedAddress, $"misaligned {what}: {align}-byte access at 0x{address:x} ({Program.Memory.Describe(address)})", lane);
        var known = Sites[site];
        if (known is null || address < known.Start || address + (ulong)bytes > known.End)
        {
            known = Program.Memory.Find(address);
            if (known is null || address + (ulong)bytes > known.End)
                throw new StepFault(FaultKind.IllegalAddress, $"out-of-bounds {what}: {bytes} bytes at 0x{address:x} ({Program.Memory.Describe(known is null ? address : known.End)})", lane);
            if (Request.MayUse is { } mayUse && !mayUse(known))
                throw new StepFault(FaultKind.IllegalAddress, $"{what} of another context's memory: {bytes} bytes at 0x{address:x} ({Program.Memory.Describe(address)})", lane);
            Sites[site] = known;
        }
        allocation = known;
        return known.Data + (address - known.Start);
    }

    /// <summary>Faults where bytes are read that nobody has written.</summary>
    public static void CheckWritten(Allocation allocation, ulong address, int bytes, int lane, string what)
    {
        if (allocation.Written == null)
            return;
        var unwritten = allocation.FirstUnwritten((long)(address - allocation.Start), bytes);
        if (unwritten >= 0)
            throw new StepFault(FaultKind.Uninitialized, $"{what} of bytes that were never written, at 0x{allocation.Start + (ulong)unwritten:x} ({allocation.Name}+{unwritten})", lane);
    }

    /// <summary>The bytes of an access of a whole warp to global memory; null where something is wrong with any of it.</summary>
    public byte* TryResolveGlobal(int site, ulong address, int bytes, int align, out Allocation allocation)
    {
        allocation = Sites[site]!;
        if ((address & (uint)(align - 1)) != 0)
            return null;
        if (allocation is null || address < allocation.Start || address + (uint)bytes > allocation.End)
        {
            allocation = Program.Memory.Find(address)!;
            if (allocation is null || address + (uint)bytes > allocation.End || (Request.MayUse is { } mayUse && !mayUse(allocation)))
                return null;
            Sites[site] = allocation;
        }
        return allocation.Data + (address - allocation.Start);
    }

    /// <summary>The bytes of an access to shared memory.</summary>
    public byte* ResolveShared(int site, ulong address, int bytes, int align, int lane, string what)
    {
        Resolve(SharedRegions, "shared", site, address, bytes, align, lane, what);
        return _shared + (address - SharedLayout.Base);
    }

    /// <summary>The bytes of an access to a thread's local memory.</summary>
    public byte* ResolveLocal(Warp warp, int site, ulong address, int bytes, int align, int lane, string what)
    {
        Resolve(Program.Local.Regions, "local", site, address, bytes, align, lane, what);
        return warp.Local + lane * Program.LocalBytes + (address - LocalLayout.Base);
    }

    /// <summary>A lane reads bytes of shared memory.</summary>
    /// <param name="offset">From its start.</param>
    public void NoteSharedRead(Warp warp, int lane, uint offset, int bytes, int line)
    {
        Races?.Read(warp, lane, offset, bytes, line);
        Async?.Proxy.Read(warp, lane, offset, bytes);
    }

    /// <summary>A lane writes bytes of shared memory.</summary>
    public void NoteSharedWrite(Warp warp, int lane, uint offset, int bytes, int line)
    {
        Races?.Write(warp, lane, offset, bytes, line);
        Async?.Proxy.Write(warp, lane, offset, bytes, line);
    }

    /// <summary>An atomic of a lane on shared memory.</summary>
    public void NoteSharedAtomic(Warp warp, int lane, uint offset, int bytes, int line)
    {
        Races?.Change(warp, lane, offset, bytes, line);
        Async?.Proxy.Write(warp, lane, offset, bytes, line);
    }

    /// <summary>A cp.async of a lane is in flight to bytes of shared memory.</summary>
    public void NoteCopy(Warp warp, int lane, uint offset, int bytes, int line)
    {
        Races?.Write(warp, lane, offset, bytes, line, isAsynchronous: true);
        Async?.Proxy.Write(warp, lane, offset, bytes, line, isInFlight: true);
    }

    /// <summary>A cp.async of a lane has landed.</summary>
    public void NoteCopyLanded(Warp warp, int lane, uint offset, int bytes, int line)
    {
        Races?.Complete(warp, lane, offset, bytes, line);
        Async?.Proxy.Land(offset, bytes);
    }

    private void Resolve(Regions regions, string space, int site, ulong address, int bytes, int align, int lane, string what)
    {
        if ((address & (uint)(align - 1)) != 0)
            throw new StepFault(FaultKind.MisalignedAddress, $"misaligned {space} {what}: {align}-byte access at 0x{address:x} ({regions.Describe(address)})", lane);
        if (regions.Contains(SharedSites[site], address, bytes))
            return;
        var region = regions.Find(address, bytes);
        if (region < 0)
            throw new StepFault(FaultKind.IllegalAddress, $"out-of-bounds {space} {what}: {bytes} bytes at 0x{address:x} ({regions.Describe(address)})", lane);
        regions.Rely(region, align);
        SharedSites[site] = region;
    }
}
