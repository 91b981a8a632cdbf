using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Arithmetic of floats.</content>
internal sealed partial class StepCompiler
{
    private Step FloatBinary(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var rounding = RoundingOf(instruction);
        var (d, a, b) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type));
        var keepsNaN = instruction.Has("NaN");
        if (HalfArithmetic.IsHalf(type))
        {
            Func<double, double, double> function = instruction.Name switch
            {
                _ when rounding != Rounding.Nearest || instruction.Has("sat", "xorsign") => throw Unsupported(instruction),
                "add" => Floats.AddOdd,
                "sub" => (x, y) => Floats.AddOdd(x, -y),
                "mul" => (x, y) => x * y,
                "min" => (x, y) => Floats.Min(x, y, keepsNaN),
                "max" => (x, y) => Floats.Max(x, y, keepsNaN),
                _ => throw Unsupported(instruction),
            };
            return Halves(d, a, b, HalfArithmetic.Lift(function, type), type);
        }
        var isFloat = type == PtxType.F32;
        if (!isFloat && type != PtxType.F64)
            throw Unsupported(instruction);
        var (flushes, saturates) = (instruction.Has("ftz") && isFloat, instruction.Has("sat"));
        if (instruction.Name is "min" or "max")
        {
            if (instruction.Has("xorsign"))
                throw Unsupported(instruction);
            var isMin = instruction.Name == "min";
            return isFloat
                ? new LaneStep<float, float, float>(d, a, b, WithFlush((x, y) => isMin ? Floats.Min(x, y, keepsNaN) : Floats.Max(x, y, keepsNaN), flushes, saturates))
                : new LaneStep<double, double, double>(d, a, b, (x, y) => isMin ? Floats.Min(x, y, keepsNaN) : Floats.Max(x, y, keepsNaN));
        }
        if (rounding == Rounding.Nearest && !flushes && !saturates)
        {
            return (instruction.Name, isFloat) switch
            {
                ("add", true) => new BinaryStep<float, IntegerOperations.Add<float>>(d, a, b),
                ("add", false) => new BinaryStep<double, IntegerOperations.Add<double>>(d, a, b),
                ("sub", true) => new BinaryStep<float, IntegerOperations.Subtract<float>>(d, a, b),
                ("sub", false) => new BinaryStep<double, IntegerOperations.Subtract<double>>(d, a, b),
                ("mul", true) => new BinaryStep<float, IntegerOperations.Multiply<float>>(d, a, b),
                ("mul", false) => new BinaryStep<double, IntegerOperations.Multiply<double>>(d, a, b),
                ("div", true) => new BinaryStep<float, FloatOperations.Divide<float>>(d, a, b),
                ("div", false) => new BinaryStep<double, FloatOperations.Divide<double>>(d, a, b),
                _ => throw Unsupported(instruction),
            };
        }
        if (!isFloat)
            throw Unsupported(instruction);
        Func<float, float, float> inMode = instruction.Name switch
        {
            "add" => (x, y) => Floats.Add(x, y, rounding),
            "sub" => (x, y) => Floats.Subtract(x, y, rounding),
            "mul" => (x, y) => Floats.Multiply(x, y, rounding),
            "div" => (x, y) => Floats.Divide(x, y, rounding),
            _ => throw Unsupported(instruction),
        };
        return new LaneStep<float, float, float>(d, a, b, WithFlush(inMode, flushes, saturates));
    }

    private static Func<float, float, float> WithFlush(Func<float, float, float> function, bool flushes, bool saturates)
    {
        if (!flushes && !saturates)
            return function;
        return (x, y) => After(flushes ? function(Floats.Flush(x), Floats.Flush(y)) : function(x, y), flushes, saturates);
    }

    private static float After(float value, bool flushes, bool saturates)
    {
        value = flushes ? Floats.Flush(value) : value;
        return saturates ? Floats.Saturate(value) : value;
    }

    private static Step Halves(int d, int a, int b, Func<uint, uint, uint> function, PtxType type) => HalfArithmetic.IsPair(type)
        ? new LaneStep<uint, uint, uint>(d, a, b, function)
        : new LaneStep<ushort, ushort, ushort>(d, a, b, (x, y) => (ushort)function(x, y));

    private Step FusedMultiplyAdd(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var rounding = RoundingOf(instruction);
        var (d, a, b, c) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type), Source(operands[3], type));
        if (HalfArithmetic.IsHalf(type))
        {
            if (rounding != Rounding.Nearest || instruction.Has("sat"))
                throw Unsupported(instruction);
            Func<double, double, double, double> function = instruction.Has("relu") ? (x, y, z) => Positive(Floats.MultiplyAddOdd(x, y, z)) : Floats.MultiplyAddOdd;
            var lifted = HalfArithmetic.Lift(function, type);
            return HalfArithmetic.IsPair(type)
                ? new LaneStep<uint, uint, uint, uint>(d, a, b, c, lifted)
                : new LaneStep<ushort, ushort, ushort, ushort>(d, a, b, c, (x, y, z) => (ushort)lifted(x, y, z));
        }
        var (flushes, saturates) = (instruction.Has("ftz") && type == PtxType.F32, instruction.Has("sat"));
        switch (type)
        {
            case PtxType.F32 when rounding == Rounding.Nearest && !flushes && !saturates:
                return instruction.Negation switch
                {
                    (true, false) => new TernaryStep<float, FloatOperations.FusedNegatedMultiplyAdd>(d, a, b, c),
                    (false, true) => new TernaryStep<float, FloatOperations.FusedMultiplySubtract>(d, a, b, c),
                    _ => new TernaryStep<float, FloatOperations.FusedMultiplyAdd>(d, a, b, c),
                };
            case PtxType.F32:
                var (negatesProduct, negatesAddend) = instruction.Negation;
                return new LaneStep<float, float, float, float>(d, a, b, c, (x, y, z) =>
                {
                    (x, z) = (negatesProduct ? -x : x, negatesAddend ? -z : z);
                    if (flushes)
                        (x, y, z) = (Floats.Flush(x), Floats.Flush(y), Floats.Flush(z));
                    return After(Floats.MultiplyAdd(x, y, z, rounding), flushes, saturates);
                });
            case PtxType.F64 when rounding == Rounding.Nearest:
                return instruction.Negation switch
                {
                    (true, false) => new TernaryStep<double, FloatOperations.FusedNegatedMultiplyAddDouble>(d, a, b, c),
                    (false, true) => new TernaryStep<double, FloatOperations.FusedMultiplySubtractDouble>(d, a, b, c),
                    _ => new TernaryStep<double, FloatOperations.FusedMultiplyAddDouble>(d, a, b, c),
                };
            default:
                throw Unsupported(instruction);
        }
    }

    private static double Positive(double value) => double.IsNaN(value) ? value : Math.Max(value, 0);

    /// <summary>Roots and reciprocals, exactly rounded; the functions that the hardware approximates, computed in double and rounded once.</summary>
    private Step FloatUnary(Instruction instruction, PtxType type)
    {
        var (d, a) = (Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type));
        var rounding = RoundingOf(instruction);
        var (flushes, saturates) = (instruction.Has("ftz") && type == PtxType.F32, instruction.Has("sat"));
        if (HalfArithmetic.IsHalf(type))
        {
            if (instruction.Name is not ("ex2" or "tanh"))
                throw Unsupported(instruction);
            var lifted = HalfArithmetic.Lift(Function(instruction), type);
            return HalfArithmetic.IsPair(type) ? new LaneStep<uint, uint>(d, a, lifted) : new LaneStep<ushort, ushort>(d, a, x => (ushort)lifted(x));
        }
        if (type == PtxType.F64)
        {
            if (rounding != Rounding.Nearest)
                throw Unsupported(instruction);
            return instruction.Name == "sqrt" ? new UnaryStep<double, FloatOperations.SquareRoot<double>>(d, a) : new LaneStep<double, double>(d, a, Function(instruction));
        }
        Func<float, float> inMode;
        switch (instruction.Name)
        {
            case "sqrt" when rounding == Rounding.Nearest && !flushes && !saturates:
                return new UnaryStep<float, FloatOperations.SquareRoot<float>>(d, a);
            case "rcp" when rounding == Rounding.Nearest && !flushes && !saturates:
                return new UnaryStep<float, FloatOperations.Reciprocal>(d, a);
            case "sqrt":
                inMode = x => Floats.SquareRoot(x, rounding);
                break;
            case "rcp":
                inMode = x => Floats.Divide(1, x, rounding);
                break;
            default:
                if (rounding != Rounding.Nearest)
                    throw Unsupported(instruction);
                var function = Function(instruction);
                inMode = x => (float)function(x);
                break;
        }
        return new LaneStep<float, float>(d, a, x => After(inMode(flushes ? Floats.Flush(x) : x), flushes, saturates));
    }

    private static Func<double, double> Function(Instruction instruction) => instruction.Name switch
    {
        "rsqrt" => x => 1 / Math.Sqrt(x),
        "rcp" => x => 1 / x,
        "ex2" => double.Exp2,
        "lg2" => Math.Log2,
        "sin" => Math.Sin,
        "cos" => Math.Cos,
        "tanh" => Math.Tanh,
        _ => throw Unsupported(instruction),
    };

    /// <summary>abs, neg, copysign: the sign's bit alone.</summary>
    private Step FloatSign(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var bits = type.Untyped();
        var sign = type switch
        {
            PtxType.F16 or PtxType.BF16 => 0x8000ul,
            PtxType.F16x2 or PtxType.BF16x2 => 0x80008000ul,
            PtxType.F64 => 1ul << 63,
            _ => 1ul << 31,
        };
        var (d, a) = (Destination(operands[0], bits), Source(operands[1], bits, type));
        var mask = registers.OfConstant(instruction.Name == "neg" ? sign : ~sign & (ulong.MaxValue >> 64 - bits.Bits()), bits.Size());
        Step step;
        if (instruction.Name == "copysign")
        {
            var b = Source(operands[2], bits, type);
            step = bits.Size() == 4
                ? new LaneStep<uint, uint, uint>(d, a, b, (x, y) => (y & ~(uint)sign) | (x & (uint)sign))
                : new LaneStep<ulong, ulong, ulong>(d, a, b, (x, y) => (y & ~sign) | (x & sign));
        }
        else
        {
            step = (bits.Size(), instruction.Name == "neg") switch
            {
                (2, true) => new BinaryStep<ushort, IntegerOperations.Xor<ushort>>(d, a, mask),
                (2, false) => new BinaryStep<ushort, IntegerOperations.And<ushort>>(d, a, mask),
                (4, true) => new BinaryStep<uint, IntegerOperations.Xor<uint>>(d, a, mask),
                (4, false) => new BinaryStep<uint, IntegerOperations.And<uint>>(d, a, mask),
                (_, true) => new BinaryStep<ulong, IntegerOperations.Xor<ulong>>(d, a, mask),
                _ => new BinaryStep<ulong, IntegerOperations.And<ulong>>(d, a, mask),
            };
        }
        return instruction.Has("ftz") && type == PtxType.F32 ? new SequenceStep(step, new LaneStep<float, float>(d, d, Floats.Flush)) : step;
    }
}
