using VirtualCard.Execution.Async;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>Makes steps of instructions. Each of its parts knows some of them.</summary>
/// <param name="addressOf">The address of a variable in its space.</param>
/// <param name="tracked">The registers that products of warpgroups use.</param>
internal sealed partial class StepCompiler(RegisterLayout registers, Func<Variable, ulong> addressOf, KernelVariables variables, TrackedRegisters tracked)
{
    private int _sites;

    private int _guards;

    /// <summary>Instructions that access memory.</summary>
    public int Sites => _sites;

    /// <summary>Instructions with a guard.</summary>
    public int Guards => _guards;

    /// <summary>The fewest bytes that an instruction takes of shared memory.</summary>
    public int SmallestSharedAccess { get; private set; } = 16;

    /// <summary>Whether what one block of threads does to global memory can depend on when another does.</summary>
    public bool HasGlobalAtomics { get; private set; }

    public Step Compile(Instruction instruction)
    {
        var step = CompileUnguarded(instruction);
        return instruction.Guard is { } guard ? new Steps.GuardedStep(step, Guard(guard, instruction.IsGuardNegated), _guards++) : step;
    }

    public PredicateSlot Guard(Register register, bool isNegated) => new(registers.Of(register), isNegated ? Lanes.All : 0);

    /// <summary>Compiles an instruction as if it had no guard.</summary>
    public Step CompileUnguarded(Instruction instruction)
    {
        try
        {
            return Track(instruction, CompileAsync(instruction) ?? CompileMemory(instruction) ?? CompileTensor(instruction) ?? CompileWarp(instruction)
                ?? CompileArithmetic(instruction) ?? throw Unsupported(instruction));
        }
        catch (PtxException error) when (!error.Message.StartsWith("line", StringComparison.Ordinal))
        {
            throw new PtxException($"line {instruction.Line}: {instruction.Text}: cannot compile: {error.Message}", error);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or InvalidCastException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PtxException($"line {instruction.Line}: {instruction.Text}: cannot compile: {error.Message}", error);
        }
    }

    public static PtxException Unsupported(Instruction instruction) => new($"line {instruction.Line}: unsupported instruction: {instruction.Text}");

    /// <summary>The place of an operand that is read.</summary>
    /// <param name="immediateType">What a number of the text is, where the instruction names another type for its registers.</param>
    public int Source(Operand operand, PtxType type, PtxType? immediateType = null)
    {
        switch (operand)
        {
            case Register register:
                CheckWidth(register, type);
                return registers.Of(register);
            case SpecialRegister special:
                return registers.OfSpecial(special, type.Size());
            case Immediate immediate:
                return registers.OfConstant(ImmediateBits.OfOperand(immediate, type, immediateType), type == PtxType.Pred ? 0 : type.Size());
            case Address address:
                return registers.OfConstant((addressOf(address.Variable) + (ulong)address.Offset) & (ulong.MaxValue >> (64 - type.Bits())), type.Size());
            default:
                throw new PtxException($"bad operand {operand}");
        }
    }

    public PredicateSlot Predicate(Operand operand) => operand is Negated negated
        ? new(Source(negated.Predicate, PtxType.Pred), Lanes.All)
        : new(Source(operand, PtxType.Pred), 0);

    /// <summary>The place of an operand that is written.</summary>
    public int Destination(Operand operand, PtxType type)
    {
        switch (operand)
        {
            case Sink:
                return registers.PlaceTemporary(type == PtxType.Pred ? 0 : type.Size());
            case Register register:
                CheckWidth(register, type);
                return registers.Of(register);
            default:
                throw new PtxException($"bad destination {operand}");
        }
    }

    /// <summary>The place of an operand that is written; -1 for the one that takes nothing.</summary>
    public int DestinationOrNone(Operand operand, PtxType type) => operand is Sink ? -1 : Destination(operand, type);

    /// <summary>The place and the width of a register that may be wider than a type.</summary>
    private (int Place, int Size) Wide(Operand operand, PtxType type)
    {
        switch (operand)
        {
            case Sink:
                return (-1, type.Size());
            case Register register when register.Type == PtxType.Pred || register.Type.Size() < type.Size():
                throw new PtxException($"register {register.Name} (.{register.Type.Name()}) cannot hold a .{type.Name()}");
            case Register register:
                return (registers.Of(register), register.Type.Size());
            default:
                return (Source(operand, type.Untyped(), type), type.Size());
        }
    }

    private static void CheckWidth(Register register, PtxType type)
    {
        if ((register.Type == PtxType.Pred) != (type == PtxType.Pred) || register.Type.Size() != type.Size())
            throw new PtxException($"register {register.Name} (.{register.Type.Name()}) used as .{type.Name()}");
    }

    private static PtxType TypeOf(string modifier) => PtxTypes.TryParse(modifier, out var type) ? type : throw new PtxException($"unknown type .{modifier}");

    private static bool TryTypeOf(Instruction instruction, out PtxType type)
    {
        type = default;
        return instruction.Modifiers.Length > 0 && PtxTypes.TryParse(instruction.Modifiers[^1], out type);
    }

    private static Rounding RoundingOf(Instruction instruction) => FloatRounding(instruction) ?? Rounding.Nearest;

    private static Rounding? FloatRounding(Instruction instruction)
    {
        foreach (var modifier in instruction.Modifiers)
        {
            switch (modifier)
            {
                case "rn":
                    return Rounding.Nearest;
                case "rz":
                    return Rounding.Zero;
                case "rm":
                    return Rounding.Down;
                case "rp":
                    return Rounding.Up;
            }
        }
        return null;
    }

    private static Rounding? IntegralRounding(Instruction instruction)
    {
        foreach (var modifier in instruction.Modifiers)
        {
            switch (modifier)
            {
                case "rni":
                    return Rounding.Nearest;
                case "rzi":
                    return Rounding.Zero;
                case "rmi":
                    return Rounding.Down;
                case "rpi":
                    return Rounding.Up;
            }
        }
        return null;
    }
}
