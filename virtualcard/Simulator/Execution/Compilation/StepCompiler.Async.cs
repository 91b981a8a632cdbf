using System.Globalization;
using VirtualCard.Execution.Async;
using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>wgmma, mbarriers, bulk copies, fences.</content>
internal sealed partial class StepCompiler
{
    /// <summary>Whether an instruction needs what works beside the threads.</summary>
    public bool UsesAsync { get; private set; }

    /// <summary>The test of an mbarrier's phase.</summary>
    public PollStep Poll(Instruction instruction)
    {
        UsesAsync = true;
        var isParity = instruction.Has("parity");
        return new PhaseTest(
            Destination(instruction.Operands[0], PtxType.Pred), BarrierAddress(instruction, instruction.Operands[1]),
            Source(instruction.Operands[2], isParity ? PtxType.U32 : PtxType.B64), isParity);
    }

    private Step? CompileAsync(Instruction instruction)
    {
        UsesAsync |= instruction.IsAsync();
        switch (instruction)
        {
            case { Name: "fence", Modifiers: ["proxy", "async", ..] } when !instruction.Has("global"):
                return new ProxyFenceStep();
            case { Name: "fence" }:
                return NoStep.Instance;
            case { Name: "mbarrier" }:
                return MBarrier(instruction);
            case { Name: "cp", Modifiers: ["async", "mbarrier", "arrive", ..] }:
                return new CopyArrivalStep(BarrierAddress(instruction, instruction.Operands[0]), instruction.Has("noinc"));
            case { Name: "cp", Modifiers: ["async", "bulk", ..] }:
                return Bulk(instruction);
            case { Name: "wgmma" }:
                return WarpgroupProduct(instruction);
            case { Name: "setmaxnreg" }:
                var registers = Number(instruction, instruction.Operands[0]);
                return registers is >= 24 and <= 256 && registers % 8 == 0 ? NoStep.Instance : throw BadImmediate(instruction);
            case { Name: "mapa" or "getctarank" }:
                return ClusterAddress(instruction);
            default:
                return null;
        }
    }

    /// <summary>Notes what an ordinary instruction does to registers of products.</summary>
    private Step Track(Instruction instruction, Step step) => tracked.UsedBy(instruction) is { Length: > 0 } used ? new TrackedStep(step, used) : step;

    private MBarrierStep MBarrier(Instruction instruction)
    {
        var operands = instruction.Operands.AsSpan();
        var state = -1;
        if (operands is [not Ptx.Memory, ..])
        {
            state = DestinationOrNone(operands[0], PtxType.B64);
            operands = operands[1..];
        }
        var expects = instruction.Has("expect_tx");
        var operation = instruction.Modifiers[0] switch
        {
            "init" => MBarrierOperation.Initialize,
            "inval" => MBarrierOperation.Invalidate,
            "arrive" => expects ? MBarrierOperation.ArriveExpect : MBarrierOperation.Arrive,
            "arrive_drop" => expects ? MBarrierOperation.ArriveDropExpect : MBarrierOperation.ArriveDrop,
            "expect_tx" => MBarrierOperation.Expect,
            "complete_tx" => MBarrierOperation.Complete,
            _ => throw Unsupported(instruction),
        };
        return new(operation, BarrierAddress(instruction, operands[0]), operands.Length > 1 ? Source(operands[1], PtxType.U32) : -1, state);
    }

    private AddressOperand BarrierAddress(Instruction instruction, Operand operand) => AddressOf(instruction, operand, SharedOrGeneric(instruction), sizeof(ulong));

    /// <summary>Bulk copies name two spaces; what lies in shared memory is then named by its address there.</summary>
    private static StateSpace SharedOrGeneric(Instruction instruction) =>
        Array.Exists(instruction.Modifiers, modifier => modifier.StartsWith("shared", StringComparison.Ordinal)) ? StateSpace.Shared : StateSpace.Generic;

    private Step Bulk(Instruction instruction)
    {
        if (instruction.Has("prefetch"))
            return NoStep.Instance;
        if (instruction.Has("commit_group"))
            return new CommitBulkStep();
        if (instruction.Has("wait_group"))
            return new WaitBulkStep((int)Number(instruction, instruction.Operands[0]));
        var shared = Array.FindIndex(instruction.Modifiers, modifier => modifier.StartsWith("shared", StringComparison.Ordinal));
        var global = Array.IndexOf(instruction.Modifiers, "global");
        if (shared < 0 || global < 0 || instruction.Has("multicast::cluster", "im2col", "im2col_no_offs", "cta_group::2"))
            throw Unsupported(instruction);
        var isLoad = shared < global;
        if (!isLoad && !instruction.Has("bulk_group"))
            throw Unsupported(instruction);
        return instruction.Has("tensor") ? TensorCopy(instruction, isLoad) : BulkCopy(instruction, isLoad);
    }

    private BulkCopyStep BulkCopy(Instruction instruction, bool isLoad)
    {
        var operands = instruction.Operands;
        return new(
            AddressOf(instruction, operands[isLoad ? 0 : 1], StateSpace.Shared, BulkCopies.Granule),
            AddressOf(instruction, operands[isLoad ? 1 : 0], StateSpace.Global, BulkCopies.Granule),
            Source(operands[2], PtxType.U32),
            isLoad ? BarrierAddress(instruction, operands[3]) : null);
    }

    private TensorCopyStep TensorCopy(Instruction instruction, bool isLoad)
    {
        var operands = instruction.Operands;
        var map = (Ptx.Memory)operands[isLoad ? 1 : 0];
        var rank = instruction.Modifiers[Array.IndexOf(instruction.Modifiers, "tensor") + 1];
        if (rank != $"{map.Coordinates.Length}d")
            throw new PtxException(string.Create(CultureInfo.InvariantCulture, $"line {instruction.Line}: {map.Coordinates.Length} coordinates: {instruction.Text}"));
        return new(
            AddressOf(instruction, operands[isLoad ? 0 : 1], StateSpace.Shared, BulkCopies.Granule),
            AddressOf(instruction, map, StateSpace.Param, TensorMap.Bytes),
            [.. map.Coordinates.Select(coordinate => Source(coordinate, PtxType.S32))],
            isLoad ? BarrierAddress(instruction, operands[2]) : null);
    }

    private Step WarpgroupProduct(Instruction instruction)
    {
        switch (instruction.Modifiers)
        {
            case ["fence", "sync", "aligned"]:
                return new ProductFenceStep();
            case ["commit_group", "sync", "aligned"]:
                return new CommitProductsStep();
            case ["wait_group", "sync", "aligned"]:
                var pending = Number(instruction, instruction.Operands[0]);
                return pending is >= 0 and < 8 ? new WaitProductsStep((int)pending) : throw BadImmediate(instruction);
            case ["mma_async", "sync", "aligned", ['m', '6', '4', 'n', .. var columnsAndDepth], "f32", var type, var same] when type == same:
                return WarpgroupProduct(instruction, ShapeOf(instruction, columnsAndDepth, type));
            default:
                throw Unsupported(instruction);
        }
    }

    private static ProductShape ShapeOf(Instruction instruction, string columnsAndDepth, string typeName)
    {
        var parts = columnsAndDepth.Split('k');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var columns) || columns % 8 != 0 || columns is < 8 or > ProductShape.MaxColumns)
            throw Unsupported(instruction);
        var type = TypeOf(typeName);
        return (type, parts[1]) switch
        {
            (PtxType.BF16 or PtxType.F16, "16") => new(columns, 16, type),
            (PtxType.TF32, "8") => new(columns, 8, type),
            _ => throw Unsupported(instruction),
        };
    }

    private WarpgroupProductStep WarpgroupProduct(Instruction instruction, ProductShape shape)
    {
        var transpositions = shape.Type == PtxType.TF32 ? 0 : instruction.Operands[1] is VectorOperand ? 1 : 2;
        if (instruction.Operands is not [VectorOperand d, var a, var b, var keeps, .. var flags] || flags.Length != 2 + transpositions
            || d.Items.Length != shape.Columns / 2 || d.Items.Distinct().Count() != d.Items.Length || a is VectorOperand { Items.Length: not 4 })
        {
            throw new PtxException($"line {instruction.Line}: wrong operands: {instruction.Text}");
        }
        bool IsSecond(Operand flag, long first, long second)
        {
            var value = Number(instruction, flag);
            return value == second || (value == first ? false : throw BadImmediate(instruction));
        }

        var isNegated = IsSecond(flags[0], 1, -1) != IsSecond(flags[1], 1, -1);
        bool IsTransposed(int fromEnd) => transpositions >= fromEnd && IsSecond(flags[^fromEnd], 0, 1);
        var fragments = a is VectorOperand vector ? vector.Items : [];
        SharedMatrix Matrix(Operand descriptor, string name, int extent, bool isTransposed) =>
            new(Source(descriptor, PtxType.B64), name, extent, shape.Depth, shape.Type, isTransposed, _sites++);

        return new(
            shape,
            [.. d.Items.Select(item => Destination(item, PtxType.F32))], [.. d.Items.Select(tracked.NumberOf)],
            [.. fragments.Select(item => Source(item, PtxType.B32))], [.. fragments.Select(tracked.NumberOf)],
            fragments.Length > 0 ? null : Matrix(a, "A", ProductShape.Rows, IsTransposed(2)),
            Matrix(b, "B", shape.Columns, IsTransposed(1)),
            Predicate(keeps), isNegated, instruction.Line);
    }

    /// <summary>A cluster is one block: an address means the same in all of its blocks, whose number is zero.</summary>
    private Step ClusterAddress(Instruction instruction)
    {
        var type = TypeOf(instruction.Modifiers[^1]);
        return instruction.Name == "mapa"
            ? Copy(Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type), type.Size())
            : Copy(Destination(instruction.Operands[0], PtxType.U32), registers.OfConstant(0, sizeof(uint)), sizeof(uint));
    }

    private static long Number(Instruction instruction, Operand operand) =>
        operand is Immediate { Kind: ImmediateKind.Integer } immediate ? immediate.Integer : throw BadImmediate(instruction);

    private static PtxException BadImmediate(Instruction instruction) => new($"line {instruction.Line}: bad immediate operand: {instruction.Text}");
}
