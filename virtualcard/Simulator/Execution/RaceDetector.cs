using System.Numerics;
using System.Runtime.InteropServices;

namespace VirtualCard.Execution;

/// <summary>
/// Follows who used which bytes of shared memory since the last barrier. A race is a byte that one warp writes and another reads or writes with no
/// barrier between, or that is touched while a cp.async to it is in flight. Atomics race with stores, not with each other; loads of what they change are left alone, since programs poll it.
/// </summary>
internal sealed unsafe class RaceDetector : IDisposable
{
    private const int Limit = 100;

    private const int Granule = 16, WarpsOfGroup = 4;

    private readonly BlockRunner _runner;

    // A cell for so many bytes: no instruction of the kernel uses fewer.
    private readonly int _shift;

    private readonly Cell* _cells;

    private readonly int _count;

    private readonly HashSet<(string Kind, int First, int Second)> _seen = [];

    // By warp: the last barrier of some warps that it passed.
    private readonly uint[] _passed = new uint[Lanes.Count];

    private uint _epoch;

    // Barriers of some warps so far.
    private uint _partial;

    public RaceDetector(BlockRunner runner)
    {
        _runner = runner;
        _shift = BitOperations.Log2((uint)runner.Program.SmallestSharedAccess);
        _count = (runner.SharedBytes >> _shift) + 1;
        _cells = (Cell*)NativeMemory.AllocZeroed((nuint)_count, (nuint)sizeof(Cell));
    }

    /// <summary>A block starts: nothing is written.</summary>
    public void Start()
    {
        new Span<Cell>(_cells, _count).Clear();
        _epoch = 1;
        _seen.Clear();
    }

    /// <summary>All threads of the block have passed a barrier: what they did before is in order with what comes.</summary>
    public void Barrier() => _epoch++;

    /// <summary>Some warps have passed a barrier: their accesses are forgotten.</summary>
    public void PartialBarrier(uint members)
    {
        _partial++;
        for (var rest = members; rest != 0;)
            _passed[Lanes.Next(ref rest)] = _partial;
    }

    /// <param name="offset">From the start of shared memory.</param>
    public void Read(Warp warp, int lane, uint offset, int size, int line)
    {
        var last = (int)(offset + (uint)size - 1 >> _shift);
        var mine = 1u << warp.Index;
        for (var i = (int)(offset >> _shift); i <= last; i++)
        {
            ref var cell = ref Current(i);
            if (cell.Writer != 0 && (cell.Writer - 1) / Lanes.Count != warp.Index)
                Report("read-after-write", i, cell.Writer - 1, cell.WriteLine, warp, lane, line);
            if (cell.Pending != 0)
                Report("cp.async in flight", i, cell.Pending - 1, cell.WriteLine, warp, lane, line);
            if (!cell.IsWritten)
                ReportFresh(i, warp, lane, line);
            cell.Readers |= mine;
            cell.ReadLine = line;
        }
    }

    public void Write(Warp warp, int lane, uint offset, int size, int line, bool isAsynchronous = false)
    {
        var last = (int)(offset + (uint)size - 1 >> _shift);
        var mine = 1u << warp.Index;
        var thread = warp.Index * Lanes.Count + lane + 1;
        for (var i = (int)(offset >> _shift); i <= last; i++)
        {
            ref var cell = ref Current(i);
            if ((cell.Readers & ~mine) != 0)
                Report("write-after-read", i, BitOperations.TrailingZeroCount(cell.Readers & ~mine) * Lanes.Count, cell.ReadLine, warp, lane, line);
            if (cell.Writer != 0 && (cell.Writer - 1) / Lanes.Count != warp.Index)
                Report("write-after-write", i, cell.Writer - 1, cell.WriteLine, warp, lane, line);
            if ((cell.Groups & ~(1 << warp.Index / WarpsOfGroup)) is not 0 and var others)
                Report("write-after-read", i, BitOperations.TrailingZeroCount(others) * WarpsOfGroup * Lanes.Count, cell.GroupLine, warp, lane, line);
            if ((cell.Atomics & ~mine) != 0)
                Report("write-after-atomic", i, BitOperations.TrailingZeroCount(cell.Atomics & ~mine) * Lanes.Count, cell.AtomicLine, warp, lane, line);
            if (cell.Pending != 0)
                Report("cp.async in flight", i, cell.Pending - 1, cell.WriteLine, warp, lane, line);
            cell.Writer = thread;
            cell.WriteLine = line;
            cell.IsWritten = true;
            if (isAsynchronous)
                cell.Pending = thread;
        }
    }

    /// <summary>A cp.async has landed: for others its bytes are written now.</summary>
    public void Complete(Warp warp, int lane, uint offset, int size, int line)
    {
        var last = (int)(offset + (uint)size - 1 >> _shift);
        for (var i = (int)(offset >> _shift); i <= last; i++)
        {
            ref var cell = ref Current(i);
            cell.Pending = 0;
            cell.Writer = warp.Index * Lanes.Count + lane + 1;
            cell.WriteLine = line;
        }
    }

    /// <summary>A warpgroup reads an operand of its product, 16 bytes in each place.</summary>
    public void ReadByGroup(Warp first, uint[] granules, int line)
    {
        foreach (var granule in granules)
        {
            var last = (int)(granule + Granule - 1 >> _shift);
            for (var i = (int)(granule >> _shift); i <= last; i++)
            {
                ref var cell = ref Current(i);
                // Even of the writer's own warpgroup, three warps are others.
                if (cell.Writer != 0)
                    Report("read-after-write", i, cell.Writer - 1, cell.WriteLine, first, (cell.Writer - 1) / Lanes.Count == first.Index ? Lanes.Count : 0, line);
                if (cell.Pending != 0)
                    Report("cp.async in flight", i, cell.Pending - 1, cell.WriteLine, first, 0, line);
                if (!cell.IsWritten)
                    ReportFresh(i, first, 0, line);
            }
        }
        MarkGroup(first.Index, granules, line);
    }

    /// <summary>Those reads may have happened as late as this.</summary>
    public void MarkGroup(int firstWarp, uint[] granules, int line)
    {
        foreach (var granule in granules)
        {
            var last = (int)(granule + Granule - 1 >> _shift);
            for (var i = (int)(granule >> _shift); i <= last; i++)
            {
                ref var cell = ref Current(i);
                cell.Groups |= (byte)(1 << firstWarp / WarpsOfGroup);
                cell.GroupLine = line;
            }
        }
    }

    /// <summary>The data of a bulk copy has landed: who waits for its mbarrier may use it.</summary>
    public void Forget(uint offset, int size)
    {
        var last = (int)(offset + (uint)size - 1 >> _shift);
        for (var i = (int)(offset >> _shift); i <= last; i++)
        {
            ref var cell = ref Current(i);
            cell.Pending = 0;
            cell.Writer = 0;
        }
    }

    /// <summary>An atomic of a lane.</summary>
    public void Change(Warp warp, int lane, uint offset, int size, int line)
    {
        var last = (int)(offset + (uint)size - 1 >> _shift);
        for (var i = (int)(offset >> _shift); i <= last; i++)
        {
            ref var cell = ref Current(i);
            if (cell.Writer != 0 && (cell.Writer - 1) / Lanes.Count != warp.Index)
                Report("atomic-after-write", i, cell.Writer - 1, cell.WriteLine, warp, lane, line);
            cell.Atomics |= 1u << warp.Index;
            cell.AtomicLine = line;
            cell.IsWritten = true;
        }
    }

    public void Dispose() => NativeMemory.Free(_cells);

    private ref Cell Current(int index)
    {
        ref var cell = ref _cells[index];
        if (cell.Epoch != _epoch)
        {
            cell.Epoch = _epoch;
            cell.Writer = 0;
            cell.Readers = 0;
            cell.Atomics = 0;
            cell.Groups = 0;
            cell.Partial = _partial;
        }
        else if (cell.Partial != _partial)
        {
            ForgetPassed(ref cell);
        }
        return ref cell;
    }

    /// <summary>Forgets what warps did before they passed a barrier that came since the cell was last looked at.</summary>
    private void ForgetPassed(ref Cell cell)
    {
        if (cell.Writer != 0 && _passed[(cell.Writer - 1) / Lanes.Count] > cell.Partial)
            cell.Writer = 0;
        for (var rest = cell.Readers | cell.Atomics; rest != 0;)
        {
            var warp = Lanes.Next(ref rest);
            var kept = _passed[warp] > cell.Partial ? ~(1u << warp) : uint.MaxValue;
            cell.Readers &= kept;
            cell.Atomics &= kept;
        }
        for (var rest = (uint)cell.Groups; rest != 0;)
        {
            var group = Lanes.Next(ref rest);
            if (_passed.AsSpan(group * WarpsOfGroup, WarpsOfGroup).ContainsAnyInRange(cell.Partial + 1, uint.MaxValue))
                cell.Groups &= (byte)~(1 << group);
        }
        cell.Partial = _partial;
    }

    private void Report(string kind, int cell, int first, int firstLine, Warp warp, int lane, int line)
    {
        _runner.Statistics.RaceCount += 1 << _shift;
        if (_runner.Statistics.Races.Count < Limit && _seen.Add((kind, firstLine, line)))
            _runner.Statistics.Races.Add(new(kind, _runner.Position, Describe(cell), first, firstLine, warp.Index * Lanes.Count + lane, line));
    }

    private void ReportFresh(int cell, Warp warp, int lane, int line)
    {
        if (_runner.Statistics.UninitializedShared.Count < Limit && _seen.Add(("fresh", 0, line)))
            _runner.Statistics.UninitializedShared.Add($"line {line}: thread {warp.Index * Lanes.Count + lane} of block {_runner.Position} reads {Describe(cell)}, which was never written");
    }

    private string Describe(int cell) => _runner.SharedRegions.Describe(SharedLayout.Base + ((uint)cell << _shift));

    private struct Cell
    {
        public uint Epoch;

        /// <summary>The last barrier of some warps that was heeded.</summary>
        public uint Partial;

        /// <summary>Thread + 1, or 0.</summary>
        public int Writer;

        /// <summary>Warps.</summary>
        public uint Readers;

        /// <summary>Warps.</summary>
        public uint Atomics;

        public int WriteLine, ReadLine, AtomicLine;

        /// <summary>A cp.async is in flight: thread + 1.</summary>
        public int Pending;

        public bool IsWritten;

        /// <summary>Warpgroups whose products read.</summary>
        public byte Groups;

        public int GroupLine;
    }
}
