using System.Numerics;
using System.Runtime.InteropServices;

namespace VirtualCard.Execution.Async;

/// <summary>
/// The products of warpgroups in flight (wgmma). A product is computed when it is issued. No program can tell: until the wait_group that covers it,
/// it is a fault to touch its registers, to overwrite its operands, or to use them without the fences.
/// </summary>
internal sealed unsafe class WarpgroupProducts(AsyncUnits units) : IDisposable
{
    private readonly int _count = units.Runner.Program.Tracked.Count;

    // By warp and tracked register: products in flight that add to it, and that read A from it.
    private readonly ushort[] _accumulating = new ushort[units.Runner.WarpCount * units.Runner.Program.Tracked.Count];

    private readonly ushort[] _reading = new ushort[units.Runner.WarpCount * units.Runner.Program.Tracked.Count];

    // The lanes that touched it since the last wgmma.fence.
    private readonly uint[] _unfenced = new uint[units.Runner.WarpCount * units.Runner.Program.Tracked.Count];

    // By warp.
    private readonly int[] _commits = new int[units.Runner.WarpCount];

    private readonly List<ProductFlight> _flights = [];

    public bool IsInFlight => _flights.Count > 0;

    /// <summary>Room for A, row by row.</summary>
    public double* Left { get; } = (double*)NativeMemory.Alloc(ProductShape.Rows * ProductShape.MaxDepth, sizeof(double));

    /// <summary>Room for B, row by row.</summary>
    public double* Right { get; } = (double*)NativeMemory.Alloc(ProductShape.MaxDepth * ProductShape.MaxColumns, sizeof(double));

    /// <summary>A block starts.</summary>
    public void Start()
    {
        Array.Clear(_accumulating);
        Array.Clear(_reading);
        Array.Clear(_commits);
        Array.Fill(_unfenced, Lanes.All);
        _flights.Clear();
    }

    /// <summary>An ordinary instruction reads or writes registers.</summary>
    public void Touch(Warp warp, int[] registers)
    {
        foreach (var register in registers)
        {
            var place = warp.Index * _count + register;
            if (_accumulating[place] != 0)
                throw InFlight(warp, register, "an accumulator", flight => flight.Accumulators);
            if (_reading[place] != 0)
                throw InFlight(warp, register, "an A fragment", flight => flight.Fragments);
            _unfenced[place] |= warp.Active;
        }
    }

    /// <summary>wgmma.fence</summary>
    public void Fence(Warp warp)
    {
        foreach (ref var lanes in _unfenced.AsSpan(warp.Index * _count, _count))
            lanes &= ~warp.Active;
    }

    /// <summary>Faults where a product may not use its registers.</summary>
    public void CheckRegisters(Warp first, int[] accumulators, int[] fragments, ProductShape shape)
    {
        CheckFenced(first, accumulators, "accumulator");
        CheckFenced(first, fragments, "A fragment");
        foreach (var flight in _flights)
        {
            if (flight.FirstWarp != first.Index)
                continue;
            if (flight.Shape != shape && Overlap(flight.Accumulators, accumulators) || Overlap(flight.Accumulators, fragments) || Overlap(flight.Fragments, accumulators))
            {
                throw AsyncUnits.Hazard(first, (flight.FirstWarp + BitOperations.TrailingZeroCount(flight.Waiting)) * Lanes.Count,
                    $"registers are in use by the wgmma of line {flight.Line}, which is still in flight");
            }
        }
    }

    /// <summary>A product is in flight.</summary>
    public void Add(Warp first, int[] accumulators, int[] fragments, ProductShape shape, int line, Hold hold)
    {
        _flights.Add(new(first.Index, _commits[first.Index..(first.Index + ProductShape.Warps)], accumulators, fragments, shape, line, hold));
        for (var warp = first.Index; warp < first.Index + ProductShape.Warps; warp++)
        {
            foreach (var register in accumulators)
                _accumulating[warp * _count + register]++;
            foreach (var register in fragments)
                _reading[warp * _count + register]++;
        }
        units.Runner.Races?.ReadByGroup(first, hold.Granules, line);
    }

    /// <summary>wgmma.commit_group</summary>
    public void Commit(Warp warp) => _commits[warp.Index]++;

    /// <summary>wgmma.wait_group: the products of a warp but those of the last groups are complete.</summary>
    public void Wait(Warp warp, int pending)
    {
        var limit = _commits[warp.Index] - pending;
        for (var i = 0; i < _flights.Count;)
        {
            var flight = _flights[i];
            var number = warp.Index - flight.FirstWarp;
            if (flight.IsOf(warp) && flight.Groups[number] < limit)
            {
                foreach (var register in flight.Accumulators)
                    _accumulating[warp.Index * _count + register]--;
                foreach (var register in flight.Fragments)
                    _reading[warp.Index * _count + register]--;
                flight.Waiting &= ~(1u << number);
                EndReading(flight);
            }
            if (flight.Waiting == 0)
                _flights.RemoveAt(i);
            else
                i++;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(Left);
        NativeMemory.Free(Right);
    }

    private static bool Overlap(int[] one, int[] other) => one.AsSpan().ContainsAny(other);

    private void EndReading(ProductFlight flight)
    {
        if (!flight.IsReading)
            return;
        flight.IsReading = false;
        units.Proxy.EndRead(flight.Hold);
        // The operands may have been read as late as now.
        units.Runner.Races?.MarkGroup(flight.FirstWarp, flight.Hold.Granules, flight.Line);
    }

    private void CheckFenced(Warp first, int[] registers, string what)
    {
        foreach (var register in registers)
        {
            for (var warp = first.Index; warp < first.Index + ProductShape.Warps; warp++)
            {
                var lanes = _unfenced[warp * _count + register];
                if (lanes == 0)
                    continue;
                throw AsyncUnits.Hazard(first, warp * Lanes.Count + BitOperations.TrailingZeroCount(lanes),
                    $"{what} register {units.Runner.Program.Tracked.NameOf(register)} was accessed without a wgmma.fence before this wgmma");
            }
        }
    }

    private StepFault InFlight(Warp warp, int register, string what, Func<ProductFlight, int[]> registersOf)
    {
        var flight = _flights.Find(flight => flight.IsOf(warp) && registersOf(flight).Contains(register));
        return AsyncUnits.Hazard(warp, warp.Index * Lanes.Count + BitOperations.TrailingZeroCount(warp.Active),
            $"register {units.Runner.Program.Tracked.NameOf(register)} is {what} of the wgmma of line {flight?.Line}, which is still in flight (no wgmma.wait_group covers it)");
    }
}
