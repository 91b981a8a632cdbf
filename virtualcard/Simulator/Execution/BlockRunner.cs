using System.Numerics;
using System.Runtime.InteropServices;
using VirtualCard.Execution.Async;
using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <summary>Runs blocks of threads, one after the other: their warps take turns on one thread of the host.</summary>
internal sealed unsafe partial class BlockRunner : IDisposable
{
    private readonly Warp[] _warps;

    private readonly byte* _shared;

    private readonly List<WarpMemory> _memories = [];

    private readonly Stack<WarpMemory> _idle = [];

    private readonly uint[] _liveAtStart;

    // How often blocks of instructions were executed, by warps and by threads.
    private readonly long[] _warpCounts, _threadCounts;

    private uint _random;

    // Warps that can run.
    private ulong _ready;

    private int _live, _first;

    public BlockRunner(CompiledKernel program, Dim3 block, int dynamicSharedBytes)
    {
        (Program, Block, DynamicSharedBytes) = (program, block, dynamicSharedBytes);
        (SharedRegions, SharedBytes) = program.Shared.WithDynamic(dynamicSharedBytes);
        var threads = (int)block.Count;
        _warps = new Warp[(threads + Lanes.Count - 1) / Lanes.Count];
        _liveAtStart = [.. Enumerable.Range(0, _warps.Length).Select(warp => threads - warp * Lanes.Count >= Lanes.Count ? Lanes.All : (1u << threads % Lanes.Count) - 1)];
        _arrivedLanes = new uint[ClusterBarrier + 1, _warps.Length];
        _shared = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(SharedBytes, 16), 1024);
        Parameters = (byte*)NativeMemory.AllocZeroed((nuint)program.Variables.ParameterBytes + sizeof(ulong));
        _warpCounts = new long[program.Blocks.Length];
        _threadCounts = new long[program.Blocks.Length];
        GuardCounts = new (long Warps, long Threads)[program.GuardCount];
        Sites = new Allocation?[program.SiteCount];
        SharedSites = new int[program.SiteCount];
        for (var i = 0; i < _warps.Length; i++)
            _warps[i] = new(this, i);
    }

    public CompiledKernel Program { get; }

    public Dim3 Block { get; }

    public int DynamicSharedBytes { get; }

    public Regions SharedRegions { get; }

    public int SharedBytes { get; }

    public int WarpCount => _warps.Length;

    public ReadOnlySpan<Warp> Warps => _warps;

    /// <summary>Shared memory, from <see cref="SharedLayout.Base"/> on.</summary>
    public byte* Shared => _shared;

    public Dim3 Grid => Request.Grid;

    /// <summary>%ctaid</summary>
    public Dim3 Position { get; private set; }

    public LaunchRequest Request { get; private set; } = null!;

    /// <summary>The parameter block, and some zeros.</summary>
    public byte* Parameters { get; }

    public Statistics Statistics { get; private set; } = null!;

    /// <summary>The allocation that each instruction found last: the next address is most often in the same.</summary>
    public Allocation?[] Sites { get; }

    /// <summary>The same for arrays in shared and local memory.</summary>
    public int[] SharedSites { get; }

    /// <summary>How often guarded instructions were executed.</summary>
    public (long Warps, long Threads)[] GuardCounts { get; }

    public AccessCounters? Counters { get; private set; }

    public RaceDetector? Races { get; private set; }

    /// <summary>Memory for a warp that starts to run.</summary>
    public WarpMemory Rent()
    {
        if (_idle.TryPop(out var memory))
            return memory;
        memory = new(Program);
        _memories.Add(memory);
        return memory;
    }

    public void Return(WarpMemory memory) => _idle.Push(memory);

    /// <summary>Begins a launch.</summary>
    public void Begin(LaunchRequest request, Statistics statistics, AccessCounters? counters)
    {
        (Request, Statistics, Counters) = (request, statistics, counters);
        request.Parameters.AsSpan(0, Program.Variables.ParameterBytes).CopyTo(new Span<byte>(Parameters, Program.Variables.ParameterBytes));
        Array.Clear(Sites);
        Array.Clear(_warpCounts);
        Array.Clear(_threadCounts);
        Array.Clear(GuardCounts);
        if (!request.ChecksRaces || SharedBytes == 0)
            Races = null;
        else
            Races ??= new(this);
        foreach (var warp in _warps)
            warp.Begin();
        BeginAsync();
    }

    /// <summary>Puts a block at its start.</summary>
    /// <param name="index">Its number in the grid.</param>
    public void Start(long index)
    {
        var grid = Request.Grid;
        Position = new((int)(index % grid.X), (int)(index / grid.X % grid.Y), (int)(index / ((long)grid.X * grid.Y)));
        _random = Request.Seed is { } seed ? ((uint)seed * 2654435761u ^ (uint)index * 40503u) | 1 : 0;
        MemoryMarshal.Cast<byte, ushort>(new Span<byte>(_shared, SharedBytes)).Fill(AddressSpace.Poison);
        Races?.Start();
        StartBarriers();
        StartAsync();
        _live = (int)Block.Count;
        for (var i = 0; i < _warps.Length; i++)
            _warps[i].Start(_liveAtStart[i]);
        _ready = _warps.Length <= 64 ? ulong.MaxValue >>> (64 - _warps.Length) : throw new InvalidOperationException("More than 64 warps.");
        _first = 0;
    }

    /// <summary>Runs the block.</summary>
    /// <returns>Whether it has ended: if not, it seems to wait for other blocks.</returns>
    public bool Run()
    {
        if (!Schedule())
            return false;
        EndAsync();
        return true;
    }

    /// <summary>Adds what was executed to the counts of the launch.</summary>
    public void AddCounts(long[] warps, long[] threads, (long Warps, long Threads)[] guards)
    {
        for (var i = 0; i < warps.Length; i++)
        {
            warps[i] += _warpCounts[i];
            threads[i] += _threadCounts[i];
        }
        for (var i = 0; i < guards.Length; i++)
            guards[i] = (guards[i].Warps + GuardCounts[i].Warps, guards[i].Threads + GuardCounts[i].Threads);
    }

    public void Count(CompiledBlock block, uint threads)
    {
        _warpCounts[block.Index]++;
        _threadCounts[block.Index] += BitOperations.PopCount(threads);
    }

    /// <summary>With a seed, a warp stops at random places.</summary>
    public bool YieldsNow() => _random != 0 && Draw(16) == 0;

    /// <summary>A random number below a bound; zero without a seed.</summary>
    public int Draw(int bound)
    {
        if (_random == 0)
            return 0;
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return (int)((ulong)_random * (uint)bound >> 32);
    }

    public bool IsRandom => _random != 0;

    public void CheckSteps(long steps, CompiledBlock block)
    {
        if (steps > Request.MaxSteps)
            throw new StepFault(FaultKind.Endless, $"more than {Request.MaxSteps} steps; endless loop at line {block.Line}?", 0);
    }

    /// <summary>Faults where blocks have taken many turns and none has come to its end.</summary>
    public void CheckTurns(long turns)
    {
        if (turns * Warp.FairLimit > Request.MaxSteps)
            throw new SimulationException(FaultKind.Endless, $"kernel {Program.Name}: more than {Request.MaxSteps} steps and no block has ended; endless loop, or blocks that wait for more than can run at once?");
    }

    public void NoteExit(Warp warp, int threads) => _live -= threads;

    public void Dispose()
    {
        foreach (var memory in _memories)
            memory.Dispose();
        NativeMemory.AlignedFree(_shared);
        NativeMemory.Free(Parameters);
        Races?.Dispose();
        DisposeAsync();
    }

    private bool Schedule()
    {
        var spent = 0;
        while (true)
        {
            while (_ready != 0)
            {
                var warp = _warps[Pick(_ready)];
                try
                {
                    var state = warp.Run();
                    if (state is WarpState.Ready or WarpState.Spent)
                    {
                        // It may wait in a loop for others, and these for a barrier.
                        _ready |= Release();
                        _first = warp.Index + 1;
                        if (state == WarpState.Spent && ++spent > 2 * BitOperations.PopCount(_ready))
                            return false;
                        continue;
                    }
                    spent = 0;
                    _ready &= ~(1ul << warp.Index);
                    if (warp.WarpgroupBlock >= 0)
                        _ready |= ReleaseWarpgroup(warp.Index / ProductShape.Warps);
                }
                catch (StepFault fault)
                {
                    throw Locate(fault, warp);
                }
            }
            if (_live == 0)
                return true;
            _ready = Release();
            if (_ready != 0)
                continue;
            // The hardware's test of an mbarrier gives up after a while, and the program may look elsewhere.
            const int Timeouts = 200;
            if (_timeouts++ < Timeouts)
                _ready = Wake(isLast: true);
            if (_ready == 0)
                throw new SimulationException(FaultKind.Deadlock, Deadlock());
        }
    }

    /// <summary>The first of the warps that can run, behind one that let others have a turn; with a seed any.</summary>
    private int Pick(ulong ready)
    {
        for (var skip = IsRandom ? Draw(BitOperations.PopCount(ready)) : 0; skip > 0; skip--)
            ready &= ready - 1;
        var behind = IsRandom ? 0 : ready & (ulong.MaxValue << _first);
        return BitOperations.TrailingZeroCount(behind != 0 ? behind : ready);
    }

    /// <summary>Lets those go on who have what they waited for.</summary>
    private ulong Release() => ReleaseBarriers() | ReleaseWarpgroups() | Wake(isLast: false);

    private ulong Wake(bool isLast)
    {
        ulong ready = 0;
        foreach (var warp in _warps)
        {
            try
            {
                if (warp.Sleeping.Length > 0 && warp.WakeSleepers(isLast))
                    ready |= 1ul << warp.Index;
            }
            catch (StepFault fault)
            {
                throw Locate(fault, warp);
            }
        }
        return ready;
    }
}
