using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <summary>A kernel, ready to be launched.</summary>
public sealed class Kernel : IDisposable
{
    private const int MaxBlockThreads = 1024, MaxShared = 227 << 10, MaxRegisters = 255, ParameterAlignment = 8;

    private readonly CompiledKernel _program;

    // Runners of earlier launches, for blocks of the same size.
    private readonly List<BlockRunner> _idle = [];

    internal Kernel(CompiledKernel program) => _program = program;

    public string Name => _program.Name;

    public IReadOnlyList<KernelParameter> Parameters => _program.Variables.Parameters;

    /// <summary>Bytes of all parameters.</summary>
    public int ParameterBytes => _program.Variables.ParameterBytes;

    /// <summary>Bytes of shared memory that its text declares.</summary>
    public int StaticSharedBytes => (int)_program.Shared.StaticBytes;

    /// <summary>Bytes of local memory a thread.</summary>
    public int LocalBytes => _program.Local.DeclaredBytes;

    /// <summary>Registers a thread, estimated: those alive at once, 255 at most.</summary>
    public int Registers => Math.Min(_program.Linked.RegisterPressure, MaxRegisters);

    /// <summary>Threads a block at most: .maxntid or .reqntid, else 1024.</summary>
    public int MaxThreads
    {
        get
        {
            var directives = _program.Linked.Entry.Directives;
            return directives.TryGetValue("maxntid", out var extents) || directives.TryGetValue("reqntid", out extents)
                ? extents.Aggregate(1, (product, extent) => product * extent)
                : MaxBlockThreads;
        }
    }

    public IReadOnlyList<string> Warnings => _program.Linked.Warnings;

    /// <summary>Pairs of mul and add that became one fma.</summary>
    public int Contracted => _program.Linked.Contracted;

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="ArgumentException">The launch does not fit the kernel.</exception>
    /// <exception cref="SimulationException">The kernel did something wrong; what it had written stays.</exception>
    public Statistics Launch(LaunchRequest request)
    {
        Validate(request);
        var statistics = new Statistics { Kernel = Name, Threads = request.Grid.Count * request.Block.Count, SharedBytes = StaticSharedBytes + request.DynamicSharedBytes };
        foreach (var warning in Warnings)
            statistics.AddWarning(warning);
        var blocks = request.Grid.Count;
        var warpCounts = new long[_program.Blocks.Length];
        var threadCounts = new long[_program.Blocks.Length];
        var guardCounts = new (long Warps, long Threads)[_program.GuardCount];
        HashSet<Allocation> touched = [];
        var order = request.Seed is { } seed ? new GridOrder(blocks, seed) : default;
        long next = 0;
        Exception? fault = null;

        void Work(int worker)
        {
            var own = new Statistics { Kernel = Name };
            var resident = new ResidentBlocks(() =>
            {
                var runner = Rent(request.Block, request.DynamicSharedBytes);
                runner.Begin(request, own, request.CountsAccesses ? new(own, touched) : null);
                return runner;
            });
            try
            {
                resident.Run(
                    () => Interlocked.Increment(ref next) - 1 is var index && index >= blocks ? -1 : request.Seed is null ? index : order[index],
                    () => Volatile.Read(ref fault) is not null);
            }
            catch (SimulationException found)
            {
                Interlocked.CompareExchange(ref fault, found, null);
            }
            lock (touched)
            {
                statistics.Add(own);
                foreach (var runner in resident.Runners)
                {
                    runner.AddCounts(warpCounts, threadCounts, guardCounts);
                    if (fault is not null)
                    {
                        runner.Dispose();
                        continue;
                    }
                    // Another worker may be looking for one.
                    lock (_idle)
                        _idle.Add(runner);
                }
            }
        }

        var workers = WorkersOf(request);
        if (workers == 1)
            Work(0);
        else
            Parallel.For(0, workers, new() { MaxDegreeOfParallelism = workers }, Work);
        Collect(statistics, warpCounts, threadCounts, guardCounts);
        AccessCounters.Finish(statistics, touched);
        foreach (var (name, declared, used) in _program.Local.Regions.UnderAligned)
            statistics.AddWarning($".local {name} is declared .align {declared} but accessed {used} bytes at a time");
        if (fault is not null)
            throw fault;
        return statistics;
    }

    public void Dispose()
    {
        foreach (var runner in _idle)
            runner.Dispose();
        _idle.Clear();
    }

    private void Validate(LaunchRequest request)
    {
        var threads = request.Block.Count;
        if (request.Block.X < 1 || request.Block.Y < 1 || request.Block.Z < 1 || threads > MaxBlockThreads)
            throw new ArgumentException($"block of {threads} threads", nameof(request));
        if (threads > MaxThreads)
            throw new ArgumentException($"block of {threads} threads exceeds .maxntid {MaxThreads}", nameof(request));
        if (request.Grid.X < 1 || request.Grid.Y < 1 || request.Grid.Z < 1)
            throw new ArgumentException($"grid of {request.Grid} blocks", nameof(request));
        // A struct of parameters may be padded to its alignment.
        if (request.Parameters.Length < ParameterBytes || request.Parameters.Length > (ParameterBytes + ParameterAlignment - 1) / ParameterAlignment * ParameterAlignment)
            throw new ArgumentException($"{request.Parameters.Length} bytes of parameters; kernel {Name} takes {ParameterBytes}", nameof(request));
        var shared = StaticSharedBytes + (long)request.DynamicSharedBytes;
        if (request.DynamicSharedBytes < 0 || shared > MaxShared)
            throw new ArgumentException($"{shared} bytes of shared memory per block", nameof(request));
    }

    /// <summary>As many as there are cores, but one where there is little to do, or where the order of blocks shows.</summary>
    private int WorkersOf(LaunchRequest request)
    {
        const int FewWarps = 16;
        if (_program.HasGlobalAtomics || request.Grid.Count * request.Block.Count < FewWarps * Lanes.Count)
            return 1;
        var cores = request.MaxWorkers > 0 ? request.MaxWorkers : Environment.ProcessorCount;
        return (int)Math.Min(cores, request.Grid.Count);
    }

    private BlockRunner Rent(Dim3 block, int dynamicSharedBytes)
    {
        lock (_idle)
        {
            var index = _idle.FindIndex(runner => runner.Block == block && runner.DynamicSharedBytes == dynamicSharedBytes);
            if (index >= 0)
            {
                var runner = _idle[index];
                _idle.RemoveAt(index);
                return runner;
            }
        }
        return new(_program, block, dynamicSharedBytes);
    }

    private void Collect(Statistics statistics, long[] warps, long[] threads, (long Warps, long Threads)[] guards)
    {
        var guard = 0;
        void Add(Ptx.Instruction instruction, long ofWarps, long ofThreads)
        {
            if (ofThreads == 0 || instruction.Name == "callextern")
                return;
            statistics.ThreadInstructions[instruction.Opcode] = statistics.ThreadInstructions.GetValueOrDefault(instruction.Opcode) + ofThreads;
            statistics.WarpInstructions[instruction.Opcode] = statistics.WarpInstructions.GetValueOrDefault(instruction.Opcode) + ofWarps;
        }

        foreach (var block in _program.Blocks)
        {
            var source = block.Source;
            // Guards are numbered in the order in which blocks were compiled.
            foreach (var instruction in block.Instructions)
            {
                if (instruction.Guard is null)
                    Add(instruction, warps[source.Index], threads[source.Index]);
                else
                    Add(instruction, guards[guard].Warps, guards[guard++].Threads);
            }
            if (source.Synchronization is { } synchronization)
                Add(synchronization, warps[source.Index], threads[source.Index]);
            if (source.Branch is { } branch)
                Add(branch, warps[source.Index], threads[source.Index]);
        }
    }
}
