using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Moves, and what is made of addresses.</content>
internal sealed partial class StepCompiler
{
    private Step Move(Instruction instruction, PtxType type)
    {
        var (destination, source) = (instruction.Operands[0], instruction.Operands[1]);
        var bits = type == PtxType.Pred ? type : type.Untyped();
        if (source is VectorOperand parts)
        {
            var part = PartOf(instruction, type, parts.Items.Length);
            return new PackStep(Destination(destination, bits), type.Size(), [.. parts.Items.Select(item => Source(item, part))], isUnpack: false);
        }
        if (destination is VectorOperand targets)
        {
            var part = PartOf(instruction, type, targets.Items.Length);
            return new PackStep(Source(source, bits, type), type.Size(), [.. targets.Items.Select(item => DestinationOrNone(item, part))], isUnpack: true);
        }
        if (type == PtxType.Pred)
            return new PredicateStep(Destination(destination, type), Predicate(source), Predicate(source), (a, _) => a);
        var d = Destination(destination, bits);
        if (source is SpecialRegister special && SpecialRegisters.IsClock(special.Name))
            return new ClockStep(d, bits.Size());
        return Copy(d, Source(source, bits, type), bits.Size());
    }

    private static PtxType PartOf(Instruction instruction, PtxType type, int count) => (type.Size() / count) switch
    {
        1 => PtxType.B8,
        2 => PtxType.B16,
        4 => PtxType.B32,
        _ => throw Unsupported(instruction),
    };

    /// <summary>Between the addresses of a space and generic ones.</summary>
    private Step ConvertAddress(Instruction instruction)
    {
        var type = TypeOf(instruction.Modifiers[^1]);
        var window = SpaceOf(instruction) switch
        {
            StateSpace.Shared => Windows.Shared,
            StateSpace.Local => Windows.Local,
            _ => 0ul,
        };
        if (window != 0 && type != PtxType.U64)
            throw Unsupported(instruction);
        var (d, a) = (Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type));
        if (window == 0)
            return Copy(d, a, type.Size());
        var offset = registers.OfConstant(instruction.Has("to") ? 0 - window : window, 8);
        return new BinaryStep<ulong, IntegerOperations.Add<ulong>>(d, a, offset);
    }

    private TestStep<ulong> IsInSpace(Instruction instruction)
    {
        Func<ulong, bool> test = SpaceOf(instruction) switch
        {
            StateSpace.Shared => Windows.IsShared,
            StateSpace.Local => Windows.IsLocal,
            _ => static address => !Windows.IsShared(address) && !Windows.IsLocal(address),
        };
        return new(Destination(instruction.Operands[0], PtxType.Pred), Source(instruction.Operands[1], PtxType.U64), test);
    }
}
