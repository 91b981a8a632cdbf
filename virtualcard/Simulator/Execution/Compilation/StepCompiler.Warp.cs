using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Exchange inside a warp, and barriers.</content>
internal sealed partial class StepCompiler
{
    /// <summary>The barrier that a bar or barrier instruction means.</summary>
    public BarrierStep Barrier(Instruction instruction)
    {
        string[] modifiers = [.. instruction.Modifiers.Where(modifier => modifier is not ("cta" or "aligned"))];
        var operands = instruction.Operands;
        switch (modifiers)
        {
            case ["cluster", "arrive" or "wait", ..]:
                // The cluster is this block alone: arriving does nothing, waiting is a barrier of its own.
                return new()
                {
                    IsNothing = modifiers[1] == "arrive",
                    Number = registers.OfConstant(BlockRunner.ClusterBarrier, sizeof(uint)),
                    IsAligned = instruction.Has("aligned"),
                };
            case ["red", var reduction, ..]:
                var kind = reduction switch
                {
                    "popc" => BarrierReduction.Count,
                    "and" => BarrierReduction.And,
                    "or" => BarrierReduction.Or,
                    _ => throw Unsupported(instruction),
                };
                return new()
                {
                    Reduction = kind,
                    Result = Destination(operands[0], kind == BarrierReduction.Count ? PtxType.U32 : PtxType.Pred),
                    Number = Source(operands[1], PtxType.U32),
                    ThreadCount = operands.Length > 3 ? Source(operands[2], PtxType.U32) : -1,
                    Predicate = Predicate(operands[^1]),
                    IsAligned = instruction.Name == "bar" || instruction.Has("aligned"),
                };
            case ["sync" or "arrive", ..]:
                return new()
                {
                    IsArrival = modifiers[0] == "arrive",
                    Number = Source(operands[0], PtxType.U32),
                    ThreadCount = operands.Length > 1 ? Source(operands[1], PtxType.U32) : -1,
                    IsAligned = instruction.Name == "bar" || instruction.Has("aligned"),
                };
            default:
                throw Unsupported(instruction);
        }
    }

    /// <summary>Where the member mask of a warp-wide instruction lies; -1 where it needs the whole warp.</summary>
    public int Members(Instruction instruction) => instruction.Name switch
    {
        "shfl" or "vote" or "match" or "redux" or "elect" => Source(instruction.Operands[^1], PtxType.B32),
        "bar" or "barrier" => Source(instruction.Operands[0], PtxType.B32),
        _ => -1,
    };

    private Step? CompileWarp(Instruction instruction)
    {
        var operands = instruction.Operands;
        switch (instruction.Name)
        {
            case "shfl":
                var mode = Array.Find(instruction.Modifiers, modifier => modifier is "up" or "down" or "bfly" or "idx") switch
                {
                    "up" => ShuffleMode.Up,
                    "down" => ShuffleMode.Down,
                    "bfly" => ShuffleMode.Butterfly,
                    "idx" => ShuffleMode.Index,
                    _ => throw Unsupported(instruction),
                };
                if (instruction.Modifiers[^1] != "b32")
                    throw Unsupported(instruction);
                var (d, p) = Pair(operands[0], PtxType.B32);
                return new ShuffleStep(d, p, Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), Source(operands[3], PtxType.B32), mode);
            case "vote":
                var vote = Array.Find(instruction.Modifiers, modifier => modifier is "all" or "any" or "uni" or "ballot") switch
                {
                    "all" => VoteMode.All,
                    "any" => VoteMode.Any,
                    "uni" => VoteMode.Uniform,
                    "ballot" => VoteMode.Ballot,
                    _ => throw Unsupported(instruction),
                };
                return new VoteStep(
                    Destination(operands[0], vote == VoteMode.Ballot ? PtxType.B32 : PtxType.Pred),
                    Predicate(operands[1]), instruction.Has("sync") ? Source(operands[2], PtxType.B32) : -1, vote);
            case "match":
                var type = TypeOf(instruction.Modifiers[^1]);
                var (matched, all) = Pair(operands[0], PtxType.B32);
                return new MatchStep(matched, all, Source(operands[1], type), type.Size(), Source(operands[2], PtxType.B32), instruction.Has("all"));
            case "redux":
                return Reduce(instruction);
            case "elect":
                var (leader, isLeader) = Pair(operands[0], PtxType.B32);
                return new ElectStep(leader, isLeader, Source(operands[1], PtxType.B32));
            case "activemask":
                return new ActiveMaskStep(Destination(operands[0], PtxType.B32));
            case "bar" or "barrier" when instruction.Has("warp"):
                return NoStep.Instance;
            case "trap":
                return new TrapStep();
            default:
                return null;
        }
    }

    private ReduceStep Reduce(Instruction instruction)
    {
        var type = TypeOf(instruction.Modifiers[^1]);
        if (type is not (PtxType.U32 or PtxType.S32 or PtxType.B32))
            throw Unsupported(instruction);
        Func<uint, uint, uint> function = Array.Find(instruction.Modifiers, modifier => modifier is "add" or "min" or "max" or "and" or "or" or "xor") switch
        {
            "add" => (a, b) => a + b,
            "and" => (a, b) => a & b,
            "or" => (a, b) => a | b,
            "xor" => (a, b) => a ^ b,
            "min" when type == PtxType.S32 => (a, b) => (uint)Math.Min((int)a, (int)b),
            "max" when type == PtxType.S32 => (a, b) => (uint)Math.Max((int)a, (int)b),
            "min" => Math.Min,
            "max" => Math.Max,
            _ => throw Unsupported(instruction),
        };
        return new(Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type), Source(instruction.Operands[2], PtxType.B32), function);
    }

    /// <summary>The places of a destination and of the predicate beside it; -1 for what is not there.</summary>
    private (int First, int Second) Pair(Operand operand, PtxType type) => operand is DestinationPair pair
        ? (DestinationOrNone(pair.First, type), DestinationOrNone(pair.Second, PtxType.Pred))
        : (DestinationOrNone(operand, type), -1);
}
