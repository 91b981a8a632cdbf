using System.Numerics;
using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Integer arithmetic.</content>
internal sealed partial class StepCompiler
{
    private Step IntegerBinary(Instruction instruction, PtxType type)
    {
        if (instruction.Has("cc"))
            throw Unsupported(instruction);
        if (type is PtxType.U16x2 or PtxType.S16x2)
            return Packed16(instruction, type);
        var operands = instruction.Operands;
        var (d, a, b) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type));
        if (instruction.Name is "add" or "sub" && instruction.Has("sat"))
        {
            return instruction.Name == "add"
                ? new LaneStep<int, int, int>(d, a, b, (x, y) => (int)Math.Clamp((long)x + y, int.MinValue, int.MaxValue))
                : new LaneStep<int, int, int>(d, a, b, (x, y) => (int)Math.Clamp((long)x - y, int.MinValue, int.MaxValue));
        }
        Step step = (type.Size(), type.IsSigned()) switch
        {
            (1, true) => IntegerBinary<sbyte>(instruction, d, a, b),
            (1, false) => IntegerBinary<byte>(instruction, d, a, b),
            (2, true) => IntegerBinary<short>(instruction, d, a, b),
            (2, false) => IntegerBinary<ushort>(instruction, d, a, b),
            (4, true) => IntegerBinary<int>(instruction, d, a, b),
            (4, false) => IntegerBinary<uint>(instruction, d, a, b),
            (_, true) => IntegerBinary<long>(instruction, d, a, b),
            _ => IntegerBinary<ulong>(instruction, d, a, b),
        };
        if (!instruction.Has("relu"))
            return step;
        return type.Size() == 4
            ? new SequenceStep(step, new LaneStep<int, int>(d, d, x => Math.Max(x, 0)))
            : throw Unsupported(instruction);
    }

    private static Step IntegerBinary<T>(Instruction instruction, int d, int a, int b)
        where T : unmanaged, IBinaryInteger<T> => instruction.Name switch
        {
            "add" => new BinaryStep<T, IntegerOperations.Add<T>>(d, a, b),
            "sub" => new BinaryStep<T, IntegerOperations.Subtract<T>>(d, a, b),
            "min" => new BinaryStep<T, IntegerOperations.Min<T>>(d, a, b),
            "max" => new BinaryStep<T, IntegerOperations.Max<T>>(d, a, b),
            "div" => new LaneStep<T, T, T>(d, a, b, IntegerOperations.Divide),
            "rem" => new LaneStep<T, T, T>(d, a, b, IntegerOperations.Remainder),
            _ => throw Unsupported(instruction),
        };

    private BinaryStep<T, TOperation> Binary<T, TOperation>(Instruction instruction, PtxType type)
        where T : unmanaged
        where TOperation : struct, IBinary<T> =>
        new(Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type), Source(instruction.Operands[2], type));

    private Step Packed16(Instruction instruction, PtxType type)
    {
        if (instruction.Has("relu", "sat"))
            throw Unsupported(instruction);
        return (instruction.Name, type == PtxType.S16x2) switch
        {
            ("add", _) => Binary<uint, IntegerOperations.Packed<ushort, IntegerOperations.Add<ushort>>>(instruction, type),
            ("sub", _) => Binary<uint, IntegerOperations.Packed<ushort, IntegerOperations.Subtract<ushort>>>(instruction, type),
            ("min", true) => Binary<uint, IntegerOperations.Packed<short, IntegerOperations.Min<short>>>(instruction, type),
            ("min", false) => Binary<uint, IntegerOperations.Packed<ushort, IntegerOperations.Min<ushort>>>(instruction, type),
            ("max", true) => Binary<uint, IntegerOperations.Packed<short, IntegerOperations.Max<short>>>(instruction, type),
            ("max", false) => Binary<uint, IntegerOperations.Packed<ushort, IntegerOperations.Max<ushort>>>(instruction, type),
            _ => throw Unsupported(instruction),
        };
    }

    private Step IntegerMultiply(Instruction instruction, PtxType type)
    {
        if (instruction.Has("cc", "sat"))
            throw Unsupported(instruction);
        var operands = instruction.Operands;
        var isMad = instruction.Name.StartsWith("mad", StringComparison.Ordinal);
        if (instruction.Name.EndsWith("24", StringComparison.Ordinal))
            return Multiply24(instruction, type, isMad);
        if (instruction.Has("wide"))
            return MultiplyWide(instruction, type, isMad);
        var (d, a, b) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type));
        var c = isMad ? Source(operands[3], type) : -1;
        if (instruction.Has("hi"))
        {
            return type switch
            {
                PtxType.U16 => High<ushort>(d, a, b, c),
                PtxType.S16 => High<short>(d, a, b, c),
                PtxType.U32 => High<uint>(d, a, b, c),
                PtxType.S32 => High<int>(d, a, b, c),
                PtxType.U64 => High<ulong>(d, a, b, c),
                _ => High<long>(d, a, b, c),
            };
        }
        if (!instruction.Has("lo"))
            throw new PtxException($"line {instruction.Line}: integer mul needs .lo/.hi/.wide: {instruction.Text}");
        return type.Size() switch
        {
            2 => Low<ushort>(d, a, b, c),
            4 => Low<uint>(d, a, b, c),
            _ => Low<ulong>(d, a, b, c),
        };
    }

    private static Step Low<T>(int d, int a, int b, int c)
        where T : unmanaged => c < 0 ? new BinaryStep<T, IntegerOperations.Multiply<T>>(d, a, b) : new TernaryStep<T, IntegerOperations.MultiplyAdd<T>>(d, a, b, c);

    private static Step High<T>(int d, int a, int b, int c)
        where T : unmanaged, IBinaryInteger<T> => c < 0
            ? new LaneStep<T, T, T>(d, a, b, IntegerOperations.MultiplyHigh)
            : new LaneStep<T, T, T, T>(d, a, b, c, (x, y, z) => unchecked(IntegerOperations.MultiplyHigh(x, y) + z));

    private Step MultiplyWide(Instruction instruction, PtxType type, bool isMad)
    {
        var operands = instruction.Operands;
        var wide = type switch
        {
            PtxType.U16 => PtxType.U32,
            PtxType.S16 => PtxType.S32,
            PtxType.U32 => PtxType.U64,
            PtxType.S32 => PtxType.S64,
            _ => throw Unsupported(instruction),
        };
        var (d, a, b) = (Destination(operands[0], wide), Source(operands[1], type), Source(operands[2], type));
        var c = isMad ? Source(operands[3], wide) : -1;
        switch (type)
        {
            case PtxType.U16:
                return c < 0 ? new LaneStep<ushort, ushort, uint>(d, a, b, (x, y) => (uint)x * y) : new LaneStep<ushort, ushort, uint, uint>(d, a, b, c, (x, y, z) => (uint)x * y + z);
            case PtxType.S16:
                return c < 0 ? new LaneStep<short, short, int>(d, a, b, (x, y) => x * y) : new LaneStep<short, short, int, int>(d, a, b, c, (x, y, z) => x * y + z);
            default:
                return new MultiplyWideStep(d, a, b, c, type == PtxType.S32);
        }
    }

    private Step Multiply24(Instruction instruction, PtxType type, bool isMad)
    {
        if (!instruction.Has("lo") || type.Size() != 4)
            throw Unsupported(instruction);
        var operands = instruction.Operands;
        var (d, a, b) = (Destination(operands[0], type), Source(operands[1], type), Source(operands[2], type));
        var c = isMad ? Source(operands[3], type) : registers.OfConstant(0, 4);
        return type == PtxType.S32
            ? new LaneStep<int, int, int, int>(d, a, b, c, (x, y, z) => (x << 8 >> 8) * (y << 8 >> 8) + z)
            : new LaneStep<uint, uint, uint, uint>(d, a, b, c, (x, y, z) => (x & 0xFFFFFF) * (y & 0xFFFFFF) + z);
    }

    private Step IntegerUnary(Instruction instruction, PtxType type)
    {
        var (d, a) = (Destination(instruction.Operands[0], type), Source(instruction.Operands[1], type));
        return type.Size() switch
        {
            2 => IntegerUnary<short>(instruction, d, a),
            4 => IntegerUnary<int>(instruction, d, a),
            8 => IntegerUnary<long>(instruction, d, a),
            _ => throw Unsupported(instruction),
        };
    }

    private static Step IntegerUnary<T>(Instruction instruction, int d, int a)
        where T : unmanaged => instruction.Name == "neg" ? new UnaryStep<T, IntegerOperations.Negate<T>>(d, a) : new UnaryStep<T, IntegerOperations.Abs<T>>(d, a);
}
