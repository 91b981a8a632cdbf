using System.Numerics;
using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Comparisons, and what is selected by them.</content>
internal sealed partial class StepCompiler
{
    private static readonly HashSet<string> _integerComparisons = ["eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs"];

    private static readonly HashSet<string> _floatComparisons = ["eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"];

    private static string ComparisonOf(Instruction instruction, PtxType type)
    {
        var name = Array.Find(instruction.Modifiers, modifier => _integerComparisons.Contains(modifier) || _floatComparisons.Contains(modifier)) ?? throw Unsupported(instruction);
        if (type.IsInteger() && !_integerComparisons.Contains(name))
            throw Unsupported(instruction);
        if (type.IsInteger() && type.Untyped() == type && name is not ("eq" or "ne"))
            throw new PtxException($"line {instruction.Line}: ordered comparison of untyped bits: {instruction.Text}");
        return name;
    }

    private Step SetPredicate(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var combination = Array.Find(instruction.Modifiers, modifier => modifier is "and" or "or" or "xor") switch
        {
            "and" => PredicateCombination.And,
            "or" => PredicateCombination.Or,
            "xor" => PredicateCombination.Xor,
            _ => PredicateCombination.None,
        };
        var pair = operands[0] as DestinationPair;
        var p = DestinationOrNone(pair?.First ?? operands[0], PtxType.Pred);
        var q = pair is null ? -1 : DestinationOrNone(pair.Second, PtxType.Pred);
        var third = combination == PredicateCombination.None ? default : Predicate(operands[3]);
        return Compare(instruction, type, p, q, combination, third);
    }

    /// <summary>Compares the operands behind the destination.</summary>
    private Step Compare(Instruction instruction, PtxType type, int p, int q, PredicateCombination combination, PredicateSlot third)
    {
        var name = ComparisonOf(instruction, type);
        var (a, b) = (Source(instruction.Operands[1], type), Source(instruction.Operands[2], type));
        if (type is PtxType.F16 or PtxType.BF16)
        {
            var compare = Comparer(name);
            return new TestStep<ushort, ushort>(p, q, a, b, (x, y) => compare(HalfArithmetic.Decode(x, type), HalfArithmetic.Decode(y, type)), combination, third);
        }
        if (type == PtxType.F32 && instruction.Has("ftz"))
        {
            var compare = Comparer(name);
            return new TestStep<float, float>(p, q, a, b, (x, y) => compare(Floats.Flush(x), Floats.Flush(y)), combination, third);
        }
        return type switch
        {
            PtxType.F32 => FloatCompare<float>(instruction, name, p, q, a, b, combination, third),
            PtxType.F64 => FloatCompare<double>(instruction, name, p, q, a, b, combination, third),
            PtxType.S16 => IntegerCompare<short>(instruction, name, p, q, a, b, combination, third),
            PtxType.S32 => IntegerCompare<int>(instruction, name, p, q, a, b, combination, third),
            PtxType.S64 => IntegerCompare<long>(instruction, name, p, q, a, b, combination, third),
            _ => type.Size() switch
            {
                2 => IntegerCompare<ushort>(instruction, name, p, q, a, b, combination, third),
                4 => IntegerCompare<uint>(instruction, name, p, q, a, b, combination, third),
                _ => IntegerCompare<ulong>(instruction, name, p, q, a, b, combination, third),
            },
        };
    }

    private static Step IntegerCompare<T>(Instruction instruction, string name, int p, int q, int a, int b, PredicateCombination combination, PredicateSlot third)
        where T : unmanaged => name switch
        {
            "eq" => new CompareStep<T, IntegerOperations.Equal<T>>(p, q, a, b, combination, third),
            "ne" => new CompareStep<T, IntegerOperations.NotEqual<T>>(p, q, a, b, combination, third),
            "lt" or "lo" => new CompareStep<T, IntegerOperations.Less<T>>(p, q, a, b, combination, third),
            "le" or "ls" => new CompareStep<T, IntegerOperations.LessOrEqual<T>>(p, q, a, b, combination, third),
            "gt" or "hi" => new CompareStep<T, IntegerOperations.Greater<T>>(p, q, a, b, combination, third),
            "ge" or "hs" => new CompareStep<T, IntegerOperations.GreaterOrEqual<T>>(p, q, a, b, combination, third),
            _ => throw Unsupported(instruction),
        };

    private static Step FloatCompare<T>(Instruction instruction, string name, int p, int q, int a, int b, PredicateCombination combination, PredicateSlot third)
        where T : unmanaged => name switch
        {
            "eq" => new CompareStep<T, IntegerOperations.Equal<T>>(p, q, a, b, combination, third),
            "ne" => new CompareStep<T, FloatOperations.NotEqual<T>>(p, q, a, b, combination, third),
            "lt" => new CompareStep<T, IntegerOperations.Less<T>>(p, q, a, b, combination, third),
            "le" => new CompareStep<T, IntegerOperations.LessOrEqual<T>>(p, q, a, b, combination, third),
            "gt" => new CompareStep<T, IntegerOperations.Greater<T>>(p, q, a, b, combination, third),
            "ge" => new CompareStep<T, IntegerOperations.GreaterOrEqual<T>>(p, q, a, b, combination, third),
            "equ" => new CompareStep<T, FloatOperations.EqualUnordered<T>>(p, q, a, b, combination, third),
            "neu" => new CompareStep<T, FloatOperations.NotEqualUnordered<T>>(p, q, a, b, combination, third),
            "ltu" => new CompareStep<T, FloatOperations.LessUnordered<T>>(p, q, a, b, combination, third),
            "leu" => new CompareStep<T, FloatOperations.LessOrEqualUnordered<T>>(p, q, a, b, combination, third),
            "gtu" => new CompareStep<T, FloatOperations.GreaterUnordered<T>>(p, q, a, b, combination, third),
            "geu" => new CompareStep<T, FloatOperations.GreaterOrEqualUnordered<T>>(p, q, a, b, combination, third),
            "num" => new CompareStep<T, FloatOperations.Ordered<T>>(p, q, a, b, combination, third),
            "nan" => new CompareStep<T, FloatOperations.Unordered<T>>(p, q, a, b, combination, third),
            _ => throw Unsupported(instruction),
        };

    /// <summary>A comparison of floats; those that end in u hold for a NaN.</summary>
    private static Func<double, double, bool> Comparer(string name) => name switch
    {
        "eq" => (x, y) => x == y,
        "ne" => (x, y) => x < y || x > y,
        "lt" => (x, y) => x < y,
        "le" => (x, y) => x <= y,
        "gt" => (x, y) => x > y,
        "ge" => (x, y) => x >= y,
        "equ" => (x, y) => !(x < y || x > y),
        "neu" => (x, y) => x != y,
        "ltu" => (x, y) => !(x >= y),
        "leu" => (x, y) => !(x > y),
        "gtu" => (x, y) => !(x <= y),
        "geu" => (x, y) => !(x < y),
        "num" => (x, y) => !double.IsNaN(x) && !double.IsNaN(y),
        _ => (x, y) => double.IsNaN(x) || double.IsNaN(y),
    };

    private SequenceStep Set(Instruction instruction)
    {
        if (instruction.Modifiers.Length < 2 || instruction.Has("and", "or", "xor"))
            throw Unsupported(instruction);
        var (result, type) = (TypeOf(instruction.Modifiers[^2]), TypeOf(instruction.Modifiers[^1]));
        var yes = result switch
        {
            PtxType.F32 => BitConverter.SingleToUInt32Bits(1),
            PtxType.U32 or PtxType.S32 => uint.MaxValue,
            _ => throw Unsupported(instruction),
        };
        var d = Destination(instruction.Operands[0], result);
        var p = registers.PlaceTemporary(0);
        var compare = Compare(instruction, type, p, -1, PredicateCombination.None, default);
        return new SequenceStep(compare, new SelectStep<uint>(d, registers.OfConstant(yes, 4), registers.OfConstant(0, 4), new(p, 0)));
    }

    private Step Select(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var bits = type.Untyped();
        var (d, a, b, p) = (Destination(operands[0], bits), Source(operands[1], bits, type), Source(operands[2], bits, type), Predicate(operands[3]));
        return bits.Size() switch
        {
            1 => new SelectStep<byte>(d, a, b, p),
            2 => new SelectStep<ushort>(d, a, b, p),
            4 => new SelectStep<uint>(d, a, b, p),
            _ => new SelectStep<ulong>(d, a, b, p),
        };
    }

    private SequenceStep SelectBySign(Instruction instruction)
    {
        var operands = instruction.Operands;
        var (type, condition) = (TypeOf(instruction.Modifiers[^2]), TypeOf(instruction.Modifiers[^1]));
        var bits = type.Untyped();
        var p = registers.PlaceTemporary(0);
        var c = Source(operands[3], condition);
        Step test = condition switch
        {
            PtxType.S32 => new TestStep<int>(p, c, x => x >= 0),
            PtxType.F32 => new TestStep<float>(p, c, x => x >= 0),
            _ => throw Unsupported(instruction),
        };
        var (d, a, b) = (Destination(operands[0], bits), Source(operands[1], bits, type), Source(operands[2], bits, type));
        return new(test, bits.Size() switch
        {
            2 => new SelectStep<ushort>(d, a, b, new(p, 0)),
            4 => new SelectStep<uint>(d, a, b, new(p, 0)),
            _ => new SelectStep<ulong>(d, a, b, new(p, 0)),
        });
    }

    private Step Test(Instruction instruction, PtxType type)
    {
        var (p, a) = (Destination(instruction.Operands[0], PtxType.Pred), Source(instruction.Operands[1], type));
        return type switch
        {
            PtxType.F32 => new TestStep<float>(p, a, Test<float>(instruction)),
            PtxType.F64 => new TestStep<double>(p, a, Test<double>(instruction)),
            _ => throw Unsupported(instruction),
        };
    }

    private static Func<T, bool> Test<T>(Instruction instruction)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => instruction.Modifiers[0] switch
        {
            "finite" => T.IsFinite,
            "infinite" => T.IsInfinity,
            "number" => x => !T.IsNaN(x),
            "notanumber" => T.IsNaN,
            "normal" => x => T.IsNormal(x) || T.IsZero(x),
            "subnormal" => T.IsSubnormal,
            _ => throw Unsupported(instruction),
        };
}
