using System.Numerics;
using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Logic, shifts, and what is done to bits.</content>
internal sealed partial class StepCompiler
{
    private Step Logic(Instruction instruction, PtxType type)
    {
        if (type == PtxType.Pred)
        {
            Func<uint, uint, uint> function = instruction.Name switch
            {
                "and" => (a, b) => a & b,
                "or" => (a, b) => a | b,
                _ => (a, b) => a ^ b,
            };
            return new PredicateStep(Destination(instruction.Operands[0], type), Predicate(instruction.Operands[1]), Predicate(instruction.Operands[2]), function);
        }
        return type.Size() switch
        {
            2 => Logic<ushort>(instruction, type),
            4 => Logic<uint>(instruction, type),
            _ => Logic<ulong>(instruction, type),
        };
    }

    private Step Logic<T>(Instruction instruction, PtxType type)
        where T : unmanaged => instruction.Name switch
        {
            "and" => Binary<T, IntegerOperations.And<T>>(instruction, type),
            "or" => Binary<T, IntegerOperations.Or<T>>(instruction, type),
            _ => Binary<T, IntegerOperations.Xor<T>>(instruction, type),
        };

    private Step Shift(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var bits = type.Bits();
        var kind = instruction.Name == "shl" ? ShiftKind.Left : type.IsSigned() ? ShiftKind.RightArithmetic : ShiftKind.Right;
        var (d, a) = (Destination(operands[0], type), Source(operands[1], type));
        if (operands[2] is Immediate immediate)
        {
            var amount = (uint)immediate.Bits;
            if (kind == ShiftKind.RightArithmetic)
                amount = Math.Min(amount, (uint)bits - 1);
            if (amount >= bits)
                return Copy(d, registers.OfConstant(0, type.Size()), type.Size());
            return type.Size() switch
            {
                2 => new ShiftStep<ushort>(d, a, (int)amount, kind),
                4 => new ShiftStep<uint>(d, a, (int)amount, kind),
                _ => new ShiftStep<ulong>(d, a, (int)amount, kind),
            };
        }
        var b = Source(operands[2], PtxType.U32);
        return (type.Size(), kind) switch
        {
            (2, ShiftKind.Left) => new LaneStep<ushort, uint, ushort>(d, a, b, (x, n) => n < 16 ? (ushort)(x << (int)n) : (ushort)0),
            (2, ShiftKind.Right) => new LaneStep<ushort, uint, ushort>(d, a, b, (x, n) => n < 16 ? (ushort)(x >> (int)n) : (ushort)0),
            (2, _) => new LaneStep<short, uint, short>(d, a, b, (x, n) => (short)(x >> (int)Math.Min(n, 15))),
            (4, ShiftKind.Left) => new LaneStep<uint, uint, uint>(d, a, b, (x, n) => n < 32 ? x << (int)n : 0),
            (4, ShiftKind.Right) => new LaneStep<uint, uint, uint>(d, a, b, (x, n) => n < 32 ? x >> (int)n : 0),
            (4, _) => new LaneStep<int, uint, int>(d, a, b, (x, n) => x >> (int)Math.Min(n, 31)),
            (_, ShiftKind.Left) => new LaneStep<ulong, uint, ulong>(d, a, b, (x, n) => n < 64 ? x << (int)n : 0),
            (_, ShiftKind.Right) => new LaneStep<ulong, uint, ulong>(d, a, b, (x, n) => n < 64 ? x >> (int)n : 0),
            _ => new LaneStep<long, uint, long>(d, a, b, (x, n) => x >> (int)Math.Min(n, 63)),
        };
    }

    private LaneStep<uint, uint, uint, uint> FunnelShift(Instruction instruction)
    {
        var operands = instruction.Operands;
        var (isLeft, clamps) = (instruction.Has("l"), instruction.Has("clamp"));
        return new(
            Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), Source(operands[3], PtxType.B32),
            (a, b, c) =>
            {
                var n = (int)(clamps ? Math.Min(c, 32) : c & 31);
                var both = a | (ulong)b << 32;
                return (uint)(isLeft ? both >> 32 - n : both >> n);
            });
    }

    private Step Bits(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        switch (instruction.Name)
        {
            case "not" when type == PtxType.Pred:
                return new PredicateStep(Destination(operands[0], type), Predicate(operands[1]), Predicate(operands[1]), (a, _) => ~a);
            case "not":
                var (d, a) = (Destination(operands[0], type), Source(operands[1], type));
                return type.Size() switch
                {
                    2 => new UnaryStep<ushort, IntegerOperations.Not<ushort>>(d, a),
                    4 => new UnaryStep<uint, IntegerOperations.Not<uint>>(d, a),
                    _ => new UnaryStep<ulong, IntegerOperations.Not<ulong>>(d, a),
                };
            case "cnot":
                return Whole(instruction, type, type, x => x == 0 ? 1ul : 0);
            case "popc":
                return Whole(instruction, type, PtxType.U32, x => (ulong)BitOperations.PopCount(x));
            case "clz":
                return Whole(instruction, type, PtxType.U32, x => (ulong)(BitOperations.LeadingZeroCount(x) - (64 - type.Bits())));
            case "brev":
                return Whole(instruction, type, type, x => BitFields.Reverse(x) >> 64 - type.Bits());
            case "bfind":
                var givesShift = instruction.Has("shiftamt");
                return Whole(instruction, type, PtxType.U32, x => BitFields.FindHighest(x, type, givesShift));
            case "bfe":
                var (target, source) = (Destination(operands[0], type), Source(operands[1], type));
                var (position, length) = (Source(operands[2], PtxType.U32), Source(operands[3], PtxType.U32));
                return type.Size() == 4
                    ? new LaneStep<uint, uint, uint, uint>(target, source, position, length, (x, at, n) => (uint)BitFields.Extract(x, at & 0xFF, n & 0xFF, type))
                    : new LaneStep<ulong, uint, uint, ulong>(target, source, position, length, (x, at, n) => BitFields.Extract(x, at & 0xFF, n & 0xFF, type));
            case "bfi":
                var (to, field, into) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type));
                var (start, count) = (Source(operands[3], PtxType.U32), Source(operands[4], PtxType.U32));
                return type.Size() == 4
                    ? new LaneStep<uint, uint, uint, uint, uint>(to, field, into, start, count, (x, y, at, n) => (uint)BitFields.Insert(x, y, at & 0xFF, n & 0xFF, 32))
                    : new LaneStep<ulong, ulong, uint, uint, ulong>(to, field, into, start, count, (x, y, at, n) => BitFields.Insert(x, y, at & 0xFF, n & 0xFF, 64));
            case "lop3":
                return Lop3(instruction);
            case "sad":
                return AbsoluteDifference(instruction, type);
            case "bmsk":
                var clamps = instruction.Has("clamp");
                return new LaneStep<uint, uint, uint>(
                    Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), (at, n) => BitFields.Mask(at, n, clamps));
            default:
                throw Unsupported(instruction);
        }
    }

    /// <summary>A function of an integer's bits, zero-extended.</summary>
    private Step Whole(Instruction instruction, PtxType type, PtxType result, Func<ulong, ulong> function)
    {
        var (d, a) = (Destination(instruction.Operands[0], result), Source(instruction.Operands[1], type));
        return (type.Size(), result.Size()) switch
        {
            (2, 2) => new LaneStep<ushort, ushort>(d, a, x => (ushort)function(x)),
            (4, 4) => new LaneStep<uint, uint>(d, a, x => (uint)function(x)),
            (8, 4) => new LaneStep<ulong, uint>(d, a, x => (uint)function(x)),
            (8, 8) => new LaneStep<ulong, ulong>(d, a, function),
            _ => throw Unsupported(instruction),
        };
    }

    private Step Lop3(Instruction instruction)
    {
        var operands = instruction.Operands;
        var table = (int)((Immediate)operands[4]).Integer;
        var pair = operands[0] as DestinationPair;
        var d = Destination(pair?.First ?? operands[0], PtxType.B32);
        var step = new LaneStep<uint, uint, uint, uint>(
            d, Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), Source(operands[3], PtxType.B32), (a, b, c) => BitFields.Lop3(a, b, c, table));
        if (pair is null)
            return step;
        var p = Destination(pair.Second, PtxType.Pred);
        var other = Predicate(operands[5]);
        return new SequenceStep(step, instruction.Has("or")
            ? new TestStep<uint, uint>(p, -1, d, registers.OfConstant(0, 4), (x, y) => x != y, PredicateCombination.Or, other)
            : new TestStep<uint, uint>(p, -1, d, registers.OfConstant(0, 4), (x, y) => x != y, PredicateCombination.And, other));
    }

    private Step AbsoluteDifference(Instruction instruction, PtxType type)
    {
        var operands = instruction.Operands;
        var (d, a, b, c) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type), Source(operands[3], type));
        return type switch
        {
            PtxType.U16 => new LaneStep<ushort, ushort, ushort, ushort>(d, a, b, c, (x, y, z) => (ushort)((x < y ? y - x : x - y) + z)),
            PtxType.S16 => new LaneStep<short, short, ushort, ushort>(d, a, b, c, (x, y, z) => (ushort)((x < y ? y - x : x - y) + z)),
            PtxType.U32 => new LaneStep<uint, uint, uint, uint>(d, a, b, c, (x, y, z) => (x < y ? y - x : x - y) + z),
            PtxType.S32 => new LaneStep<int, int, uint, uint>(d, a, b, c, (x, y, z) => (uint)(x < y ? y - x : x - y) + z),
            PtxType.U64 => new LaneStep<ulong, ulong, ulong, ulong>(d, a, b, c, (x, y, z) => (x < y ? y - x : x - y) + z),
            _ => new LaneStep<long, long, ulong, ulong>(d, a, b, c, (x, y, z) => (ulong)(x < y ? y - x : x - y) + z),
        };
    }

    private LaneStep<uint, uint, uint, uint> Permute(Instruction instruction)
    {
        var operands = instruction.Operands;
        var mode = Array.Find(instruction.Modifiers, BitFields.IsPermuteMode);
        return new(
            Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), Source(operands[3], PtxType.B32),
            mode is null ? BitFields.Permute : (a, b, c) => BitFields.Permute(a, b, BitFields.Selector(mode, c)));
    }

    private LaneStep<uint, uint, uint, uint> DotProduct(Instruction instruction)
    {
        var operands = instruction.Operands;
        bool[] areSigned = [.. instruction.Modifiers.Where(modifier => modifier is "u32" or "s32").Select(modifier => modifier == "s32")];
        return new(
            Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.B32), Source(operands[2], PtxType.B32), Source(operands[3], PtxType.B32),
            (a, b, c) =>
            {
                for (var i = 0; i < 32; i += 8)
                {
                    var x = areSigned[0] ? (sbyte)(a >> i) : (int)(byte)(a >> i);
                    var y = areSigned[1] ? (sbyte)(b >> i) : (int)(byte)(b >> i);
                    c += (uint)(x * y);
                }
                return c;
            });
    }

    /// <summary>Copies a register.</summary>
    private static Step Copy(int d, int a, int size) => size switch
    {
        1 => new UnaryStep<byte, IntegerOperations.Copy<byte>>(d, a),
        2 => new UnaryStep<ushort, IntegerOperations.Copy<ushort>>(d, a),
        4 => new UnaryStep<uint, IntegerOperations.Copy<uint>>(d, a),
        _ => new UnaryStep<ulong, IntegerOperations.Copy<ulong>>(d, a),
    };
}
