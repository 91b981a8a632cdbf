using VirtualCard.Execution.Async;
using VirtualCard.Execution.Compilation;
using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>A kernel as steps, with the places of all that it uses.</summary>
internal sealed class CompiledKernel
{
    private const long MaxStaticShared = 48 << 10;

    public CompiledKernel(LinkedKernel linked, Ptx.Module module, AddressSpace memory, Func<Variable, ulong?> globalAddress)
    {
        Name = linked.Entry.Name;
        Memory = memory;
        Linked = linked;
        Shared = new(module.Variables.Concat(linked.Variables).Where(variable => variable.Space == StateSpace.Shared).Distinct());
        if (Shared.StaticBytes > MaxStaticShared)
            throw new PtxException($"{Shared.StaticBytes} bytes of static shared memory; ptxas allows {MaxStaticShared}");
        Local = new(linked.Variables.Where(variable => variable.Space == StateSpace.Local).Distinct());
        if (linked.Variables.FirstOrDefault(variable => variable.Space is StateSpace.Global or StateSpace.Const) is { } inside)
            throw new PtxException($"line {inside.Line}: .{inside.Space.ToString().ToLowerInvariant()} variables inside functions are not supported");
        Variables = new(linked.Entry, linked.Variables);

        ulong AddressOf(Variable variable)
        {
            if (Variables.TryGetKernelParameter(variable, out var offset))
                return Windows.Parameters + (ulong)offset;
            if (Shared.TryGetAddress(variable, out var shared))
                return shared;
            if (Local.TryGetAddress(variable, out var local))
                return local;
            return globalAddress(variable) ?? throw new PtxException($"address of .{variable.Space.ToString().ToLowerInvariant()} variable {variable.Name} is not available");
        }

        Registers.Place(AllRegisters(linked));
        Tracked = new(linked.Blocks);
        var compiler = new StepCompiler(Registers, AddressOf, Variables, Tracked);
        Blocks = [.. linked.Blocks.Select(block => Compile(compiler, block))];
        Registers.Close();
        (SiteCount, GuardCount) = (compiler.Sites, compiler.Guards);
        SmallestSharedAccess = compiler.SmallestSharedAccess;
        HasGlobalAtomics = compiler.HasGlobalAtomics;
        UsesAsync = compiler.UsesAsync;
    }

    public string Name { get; }

    public LinkedKernel Linked { get; }

    public AddressSpace Memory { get; }

    public CompiledBlock[] Blocks { get; }

    public RegisterLayout Registers { get; } = new();

    public SharedLayout Shared { get; }

    public LocalLayout Local { get; }

    public KernelVariables Variables { get; }

    /// <summary>Of a thread.</summary>
    public int LocalBytes => Local.Bytes;

    /// <summary>Of a thread.</summary>
    public int CallParameterBytes => Variables.CallBytes;

    public int SiteCount { get; }

    public int GuardCount { get; }

    public int SmallestSharedAccess { get; }

    public bool HasGlobalAtomics { get; }

    /// <summary>Whether it uses mbarriers, bulk copies, or products of warpgroups.</summary>
    public bool UsesAsync { get; }

    /// <summary>The registers of its products of warpgroups.</summary>
    public TrackedRegisters Tracked { get; }

    private static IEnumerable<Register> AllRegisters(LinkedKernel linked)
    {
        List<Register> written = [], read = [];
        foreach (var block in linked.Blocks)
        {
            foreach (var instruction in Liveness.InstructionsOf(block))
                RegisterUse.Collect(instruction, written, read);
        }
        return written.Concat(read);
    }

    private static CompiledBlock Compile(StepCompiler compiler, BasicBlock block)
    {
        var synchronization = block.Synchronization;
        var kind = synchronization is null ? SynchronizationKind.None
            : synchronization.IsPoll() ? SynchronizationKind.Poll
            : synchronization.IsBlockBarrier() ? SynchronizationKind.Barrier
            : SynchronizationKind.Warp;
        return new()
        {
            Source = block,
            Steps = [.. block.Instructions.Select(compiler.Compile)],
            Instructions = [.. block.Instructions],
            Successors = [.. block.Successors.Select(successor => successor.Index)],
            Guard = block.Branch?.Guard is { } guard ? compiler.Guard(guard, block.Branch.IsGuardNegated) : default,
            SwitchIndex = block.End == BlockEnd.Switch ? compiler.Source(block.Branch!.Operands[0], PtxType.U32) : 0,
            Synchronization = kind,
            Barrier = kind == SynchronizationKind.Barrier ? compiler.Barrier(synchronization!) : null,
            Poll = kind == SynchronizationKind.Poll ? compiler.Poll(synchronization!) : null,
            WarpStep = kind == SynchronizationKind.Warp ? compiler.CompileUnguarded(synchronization!) : null,
            Members = kind == SynchronizationKind.Warp ? compiler.Members(synchronization!) : -1,
        };
    }
}
