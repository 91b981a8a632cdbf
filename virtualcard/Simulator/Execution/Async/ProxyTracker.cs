using System.Runtime.InteropServices;

namespace VirtualCard.Execution.Async;

/// <summary>
/// The two views of a block's shared memory. Ordinary instructions and cp.async use the generic proxy, wgmma's operands and bulk copies the async
/// proxy. What was written through the first may be read through the second only behind a fence.proxy.async: of the writer after the write, or of
/// all readers after a barrier behind the write. A missing fence is a fault; for data of cp.async only a warning, since CUTLASS goes without.
/// </summary>
/// <remarks>
/// Time ticks at each fence and barrier, and goes on from block to block, so that nothing has to be cleared. Asynchronous instructions use pieces of 16
/// bytes whole.
/// </remarks>
internal sealed unsafe class ProxyTracker : IDisposable
{
    private const int Granule = 16;

    /// <summary>Bytes of a cell.</summary>
    private const int CellBytes = 2;

    private const int CellsOfGranule = Granule / CellBytes;

    private readonly BlockRunner _runner;

    private readonly Cell* _cells;

    private readonly Piece* _pieces;

    private readonly int _count;

    // By thread: the time of the last fence, and of the last barrier before it.
    private readonly uint[] _fences, _fencedBarriers;

    private readonly List<Hold> _holds = [];

    // When the block started.
    private uint _start;

    private uint _lastBarrier;

    private bool _hasWarned;

    public ProxyTracker(BlockRunner runner)
    {
        _runner = runner;
        _count = runner.SharedBytes / Granule + 1;
        _cells = (Cell*)NativeMemory.AllocZeroed((nuint)_count * CellsOfGranule, (nuint)sizeof(Cell));
        _pieces = (Piece*)NativeMemory.AllocZeroed((nuint)_count, (nuint)sizeof(Piece));
        _fences = new uint[runner.WarpCount * Lanes.Count];
        _fencedBarriers = new uint[_fences.Length];
    }

    /// <summary>How bytes were written through the generic proxy.</summary>
    private enum Origin : byte
    {
        Store,

        /// <summary>By cp.async.</summary>
        Copy,

        /// <summary>By a cp.async that nobody has waited for.</summary>
        CopyInFlight,
    }

    public uint Clock { get; private set; }

    /// <summary>A launch starts.</summary>
    public void Begin() => _hasWarned = false;

    /// <summary>A block starts.</summary>
    public void Start()
    {
        foreach (var hold in _holds)
        {
            foreach (var granule in hold.Granules)
                _pieces[granule / Granule] = default;
        }
        _holds.Clear();
        if (Clock > uint.MaxValue / 2)
        {
            new Span<Cell>(_cells, _count * CellsOfGranule).Clear();
            new Span<Piece>(_pieces, _count).Clear();
            Array.Clear(_fences);
            Array.Clear(_fencedBarriers);
            Clock = _lastBarrier = 0;
        }
        _start = ++Clock;
    }

    /// <summary>Threads of a block have passed a barrier, or a phase of an mbarrier is complete.</summary>
    public void Barrier() => _lastBarrier = ++Clock;

    /// <summary>Whether a barrier came after a time.</summary>
    public bool HasBarrierSince(uint time) => _lastBarrier > time;

    /// <summary>fence.proxy.async</summary>
    public void Fence(Warp warp)
    {
        Clock++;
        for (var rest = warp.Active; rest != 0;)
        {
            var thread = warp.Index * Lanes.Count + Lanes.Next(ref rest);
            _fences[thread] = Clock;
            _fencedBarriers[thread] = _lastBarrier;
        }
    }

    /// <summary>An ordinary instruction reads.</summary>
    public void Read(Warp warp, int lane, uint offset, int size)
    {
        for (var piece = offset & ~(Granule - 1u); piece < offset + size && _holds.Count > 0; piece += Granule)
            CheckFilling(piece, warp, lane, "read");
    }

    /// <summary>An ordinary instruction writes.</summary>
    /// <param name="isInFlight">It is a cp.async: the data comes later.</param>
    public void Write(Warp warp, int lane, uint offset, int size, int line, bool isInFlight = false)
    {
        for (var piece = offset & ~(Granule - 1u); piece < offset + size; piece += Granule)
        {
            if (_holds.Count > 0)
            {
                CheckFilling(piece, warp, lane, "overwritten");
                CheckUsers(piece, warp, lane);
            }
            _pieces[piece / Granule].Written = Clock;
        }
        var last = (offset + (uint)size - 1) / CellBytes;
        for (var i = offset / CellBytes; i <= last; i++)
        {
            ref var cell = ref _cells[i];
            cell.Written = Clock;
            cell.Writer = (ushort)(warp.Index * Lanes.Count + lane);
            cell.Line = line;
            cell.Origin = isInFlight ? Origin.CopyInFlight : Origin.Store;
        }
    }

    /// <summary>The data of a cp.async has come.</summary>
    public void Land(uint offset, int size)
    {
        var last = (offset + (uint)size - 1) / CellBytes;
        _pieces[offset / Granule].Written = Clock;
        for (var i = offset / CellBytes; i <= last; i++)
        {
            _cells[i].Written = Clock;
            _cells[i].Origin = Origin.Copy;
        }
    }

    /// <summary>Begins an asynchronous read; faults where it may see old data.</summary>
    /// <param name="readers">The threads, by number, that need the data.</param>
    public Hold BeginRead(Warp warp, uint[] granules, Range readers, string what, int line)
    {
        var (first, count) = readers.GetOffsetAndLength(_fences.Length);
        CheckOrder(warp, granules, first, count, what, line);
        foreach (var granule in granules)
            _pieces[granule / Granule].Users++;
        return Add(new(what, line, granules));
    }

    public void EndRead(Hold hold)
    {
        foreach (var granule in hold.Granules)
            _pieces[granule / Granule].Users--;
        _holds.Remove(hold);
    }

    /// <summary>Begins an asynchronous write.</summary>
    public Hold BeginWrite(Warp warp, int lane, uint[] granules, string what, int line)
    {
        foreach (var granule in granules)
        {
            CheckUsers(granule, warp, lane);
            CheckFilling(granule, warp, lane, "overwritten");
            _pieces[granule / Granule] = new() { IsFilling = true };
            for (var i = 0; i < CellsOfGranule; i++)
                _cells[granule / CellBytes + i].Written = 0;
        }
        return Add(new(what, line, granules));
    }

    public void EndWrite(Hold hold)
    {
        foreach (var granule in hold.Granules)
            _pieces[granule / Granule].IsFilling = false;
        _holds.Remove(hold);
    }

    public void Dispose()
    {
        NativeMemory.Free(_cells);
        NativeMemory.Free(_pieces);
    }

    private Hold Add(Hold hold)
    {
        _holds.Add(hold);
        return hold;
    }

    private void CheckFilling(uint offset, Warp warp, int lane, string verb)
    {
        if (_pieces[offset / Granule].IsFilling)
            throw InUse(offset, warp, lane, verb);
    }

    private void CheckUsers(uint offset, Warp warp, int lane)
    {
        if (_pieces[offset / Granule].Users != 0)
            throw InUse(offset, warp, lane, "overwritten");
    }

    private StepFault InUse(uint offset, Warp warp, int lane, string verb)
    {
        var hold = _holds.Find(hold => hold.Granules.Contains(offset / Granule * Granule));
        return AsyncUnits.Hazard(warp, warp.Index * Lanes.Count + lane,
            $"shared memory {verb} while the {hold?.What ?? "asynchronous access"} of line {hold?.Line} is in flight{Where(offset)}");
    }

    private void CheckOrder(Warp warp, uint[] granules, int firstReader, int readers, string what, int line)
    {
        var fenced = uint.MaxValue;
        var verbOfReader = "read by " + what;
        foreach (var time in _fencedBarriers.AsSpan(firstReader, readers))
            fenced = Math.Min(fenced, time);
        // Of all cells that are wrong, one that no cp.async wrote is the worst, one whose cp.async is in flight the next.
        uint? plain = null, flying = null, copied = null;
        foreach (var granule in granules)
        {
            CheckFilling(granule, warp, firstReader - warp.Index * Lanes.Count, verbOfReader);
            if (_pieces[granule / Granule].Written < _start)
                continue;
            for (uint i = 0; i < CellsOfGranule; i++)
            {
                var place = granule / CellBytes + i;
                ref var cell = ref _cells[place];
                if (cell.Written < _start || cell.Origin != Origin.CopyInFlight && (cell.Written < fenced || cell.Written < _fences[cell.Writer]))
                    continue;
                switch (cell.Origin)
                {
                    case Origin.CopyInFlight:
                        flying ??= place;
                        break;
                    case Origin.Copy:
                        copied ??= place;
                        break;
                    default:
                        plain ??= place;
                        break;
                }
            }
        }
        if ((plain ?? flying ?? copied) is not { } worst)
            return;
        var source = $"(thread {_cells[worst].Writer}, line {_cells[worst].Line})";
        var text = plain is null && flying is not null
            ? $"{what} reads shared memory{Where(worst * CellBytes)} whose cp.async {source} has not been waited for"
            : $"{what} reads shared memory{Where(worst * CellBytes)} written through the generic proxy {source} without a fence.proxy.async in between, by the writer or by the readers after a barrier";
        if (plain is not null || flying is not null)
            throw AsyncUnits.Hazard(warp, firstReader, text);
        if (_hasWarned)
            return;
        _hasWarned = true;
        _runner.Statistics.AddWarning($"line {line}: {text}");
    }

    private string Where(uint offset) => $" ({_runner.SharedRegions.Describe(SharedLayout.Base + offset)})";

    private struct Cell
    {
        public uint Written;

        public int Line;

        public ushort Writer;

        public Origin Origin;
    }

    /// <summary>What asynchronous instructions use as a whole.</summary>
    private struct Piece
    {
        /// <summary>The last ordinary write to any of its bytes.</summary>
        public uint Written;

        /// <summary>Asynchronous reads in flight.</summary>
        public ushort Users;

        /// <summary>An asynchronous write is in flight.</summary>
        public bool IsFilling;
    }
}
