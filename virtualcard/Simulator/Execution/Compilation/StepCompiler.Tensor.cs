using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>mma, ldmatrix, stmatrix, movmatrix.</content>
internal sealed partial class StepCompiler
{
    private Step? CompileTensor(Instruction instruction) => instruction.Name switch
    {
        "mma" => Mma(instruction),
        "ldmatrix" => LoadMatrix(instruction),
        "stmatrix" => StoreMatrix(instruction),
        "movmatrix" => instruction.Modifiers is ["sync", "aligned", "m8n8", "trans", "b16"]
            ? new MoveMatrixStep(Destination(instruction.Operands[0], PtxType.B32), Source(instruction.Operands[1], PtxType.B32))
            : throw Unsupported(instruction),
        _ => null,
    };

    private MmaStep Mma(Instruction instruction)
    {
        if (instruction.Modifiers is not ["sync", "aligned", var shape, "row", "col", "f32", var left, var right, "f32"] || left != right)
            throw Unsupported(instruction);
        var type = TypeOf(left);
        var depth = (shape, type) switch
        {
            ("m16n8k16", PtxType.BF16 or PtxType.F16) => 16,
            ("m16n8k8", PtxType.BF16 or PtxType.F16 or PtxType.TF32) => 8,
            ("m16n8k4", PtxType.TF32) => 4,
            _ => throw Unsupported(instruction),
        };
        var ofA = type == PtxType.TF32 ? depth / 2 : depth / 4;
        int[] Registers(Operand operand, int count, Func<Operand, int> place)
        {
            Operand[] items = operand is VectorOperand vector ? vector.Items : [operand];
            return items.Length == count ? [.. items.Select(place)] : throw new PtxException($"line {instruction.Line}: expected {count} registers: {instruction.Text}");
        }

        return new(
            Registers(instruction.Operands[0], 4, operand => Destination(operand, PtxType.F32)),
            Registers(instruction.Operands[1], ofA, operand => Source(operand, PtxType.B32)),
            Registers(instruction.Operands[2], ofA / 2, operand => Source(operand, PtxType.B32)),
            Registers(instruction.Operands[3], 4, operand => Source(operand, PtxType.F32)),
            type, depth);
    }

    private LoadMatrixStep LoadMatrix(Instruction instruction)
    {
        var count = CheckMatrix(instruction);
        Operand[] items = instruction.Operands[0] is VectorOperand vector ? vector.Items : [instruction.Operands[0]];
        if (items.Length != count)
            throw new PtxException($"line {instruction.Line}: expected {count} registers: {instruction.Text}");
        return new(AddressOf(instruction, instruction.Operands[1], SpaceOf(instruction), 16), [.. items.Select(item => Destination(item, PtxType.B32))], instruction.Has("trans"));
    }

    private StoreMatrixStep StoreMatrix(Instruction instruction)
    {
        var count = CheckMatrix(instruction);
        Operand[] items = instruction.Operands[1] is VectorOperand vector ? vector.Items : [instruction.Operands[1]];
        if (items.Length != count)
            throw new PtxException($"line {instruction.Line}: expected {count} registers: {instruction.Text}");
        return new(AddressOf(instruction, instruction.Operands[0], SpaceOf(instruction), 16), [.. items.Select(item => Source(item, PtxType.B32))], instruction.Has("trans"));
    }

    private static int CheckMatrix(Instruction instruction)
    {
        if (!instruction.Has("m8n8") || instruction.Modifiers is not ["sync", "aligned", .., "b16"])
            throw Unsupported(instruction);
        return instruction.Has("x1") ? 1 : instruction.Has("x2") ? 2 : instruction.Has("x4") ? 4 : throw Unsupported(instruction);
    }
}
