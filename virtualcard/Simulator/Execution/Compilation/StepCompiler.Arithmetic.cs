using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>Which part knows an instruction on registers.</content>
internal sealed partial class StepCompiler
{
    private Step? CompileArithmetic(Instruction instruction)
    {
        switch (instruction.Name)
        {
            case "membar" or "prefetch" or "prefetchu" or "nanosleep" or "pmevent" or "discard" or "applypriority" or "griddepcontrol" or "call" or "brkpt":
                return NoStep.Instance;
            case "cvt":
                return Convert(instruction);
            case "cvta":
                return ConvertAddress(instruction);
            case "isspacep":
                return IsInSpace(instruction);
            case "slct":
                return SelectBySign(instruction);
            case "set":
                return Set(instruction);
            case "shf":
                return FunnelShift(instruction);
            case "dp4a":
                return DotProduct(instruction);
            case "prmt":
                return Permute(instruction);
            case "createpolicy":
                return new UnaryStep<ulong, IntegerOperations.Copy<ulong>>(Destination(instruction.Operands[0], PtxType.B64), registers.OfConstant(0, 8));
        }
        if (!TryTypeOf(instruction, out var type))
            return null;
        switch (instruction.Name)
        {
            case "mov":
                return Move(instruction, type);
            case "setp":
                return SetPredicate(instruction, type);
            case "selp":
                return Select(instruction, type);
            case "testp":
                return Test(instruction, type);
            case "and" or "or" or "xor":
                return Logic(instruction, type);
            case "shl" or "shr":
                return Shift(instruction, type);
            case "popc" or "clz" or "bfind" or "brev" or "bfe" or "bfi" or "not" or "cnot" or "lop3" or "sad" or "bmsk":
                return Bits(instruction, type);
            case "add" or "sub" or "min" or "max" or "div" or "rem":
                if (instruction.Operands.Length != 3)
                    throw Unsupported(instruction);
                return type.IsInteger() ? IntegerBinary(instruction, type) : FloatBinary(instruction, type);
            case "mul" or "mad" or "mul24" or "mad24":
                if (type.IsInteger())
                    return IntegerMultiply(instruction, type);
                return instruction.Name == "mul" ? FloatBinary(instruction, type) : FusedMultiplyAdd(instruction, type);
            case "fma":
                return FusedMultiplyAdd(instruction, type);
            case "neg" or "abs":
                return type.IsInteger() ? IntegerUnary(instruction, type) : FloatSign(instruction, type);
            case "copysign":
                return FloatSign(instruction, type);
            case "sqrt" or "rsqrt" or "rcp" or "ex2" or "lg2" or "sin" or "cos" or "tanh":
                return FloatUnary(instruction, type);
            default:
                return null;
        }
    }
}
