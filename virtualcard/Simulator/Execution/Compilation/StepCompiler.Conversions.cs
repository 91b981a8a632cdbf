using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>cvt</content>
internal sealed partial class StepCompiler
{
    private Step Convert(Instruction instruction)
    {
        PtxType[] types = [.. instruction.Modifiers.Where(modifier => PtxTypes.TryParse(modifier, out _)).Select(TypeOf)];
        if (types.Length != 2 || instruction.Has("satfinite", "rs"))
            throw Unsupported(instruction);
        var (to, from) = (types[0], types[1]);
        var operands = instruction.Operands;
        var (rounding, integral) = (FloatRounding(instruction), IntegralRounding(instruction));
        if (to is PtxType.F16x2 or PtxType.BF16x2)
            return PackHalves(instruction, to, from, rounding ?? Rounding.Nearest);
        if (to == PtxType.TF32)
        {
            var (d, a) = (Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.F32));
            var (isAway, keepsPositive) = (instruction.Has("rna"), instruction.Has("relu"));
            return new LaneStep<float, uint>(d, a, x =>
            {
                x = keepsPositive ? (float)Positive(x) : x;
                return isAway ? Floats.ToTf32Away(x) : Floats.ToTf32(x, rounding ?? Rounding.Nearest);
            });
        }
        if (from is PtxType.F16x2 or PtxType.BF16x2 or PtxType.TF32 or PtxType.Pred || to == PtxType.Pred)
            throw Unsupported(instruction);
        var isPlain = !instruction.Has("sat") && !instruction.Has("relu") && !instruction.Has("ftz");
        return IsExact(instruction, to, from, rounding, integral, isPlain) ?? AnyConversion(instruction, to, from, rounding, integral);
    }

    /// <summary>The conversions that kernels are full of, on registers of the types' own widths.</summary>
    private Step? IsExact(Instruction instruction, PtxType to, PtxType from, Rounding? rounding, Rounding? integral, bool isPlain)
    {
        if (!isPlain || integral is not null || instruction.Operands[0] is not Register target || instruction.Operands[1] is not Register source)
            return null;
        if (target.Type.Size() != to.Size() || source.Type.Size() != from.Size())
            return null;
        var (d, a) = (registers.Of(target), registers.Of(source));
        if (to.IsInteger() && from.IsInteger())
        {
            return (to.Size(), from.Size()) switch
            {
                (8, 4) => new WidenStep(d, a, from.IsSigned()),
                (4, 8) => new NarrowStep(d, a),
                (4, 4) => Copy(d, a, 4),
                (8, 8) => Copy(d, a, 8),
                _ => null,
            };
        }
        return (to, from) switch
        {
            (PtxType.F32, PtxType.BF16) => new WidenHalfStep(d, a, isBFloat16: true),
            (PtxType.F32, PtxType.F16) => new WidenHalfStep(d, a, isBFloat16: false),
            (PtxType.BF16, PtxType.F32) when rounding == Rounding.Nearest => new NarrowHalfStep(d, a, isBFloat16: true),
            (PtxType.F16, PtxType.F32) when rounding == Rounding.Nearest => new NarrowHalfStep(d, a, isBFloat16: false),
            _ => null,
        };
    }

    private Step PackHalves(Instruction instruction, PtxType to, PtxType from, Rounding rounding)
    {
        if (from != PtxType.F32 || instruction.Operands.Length != 3)
            throw Unsupported(instruction);
        var operands = instruction.Operands;
        var (d, a, b) = (Destination(operands[0], PtxType.B32), Source(operands[1], PtxType.F32), Source(operands[2], PtxType.F32));
        var keepsPositive = instruction.Has("relu");
        if (rounding == Rounding.Nearest && !keepsPositive)
            return new PackHalvesStep(d, a, b, to == PtxType.BF16x2);
        uint Encode(float x)
        {
            x = keepsPositive ? (float)Positive(x) : x;
            return to == PtxType.BF16x2 ? Floats.ToBFloat16(x, rounding) : Floats.ToHalf(x, rounding);
        }

        return new LaneStep<float, float, uint>(d, a, b, (x, y) => (Encode(x) << 16) | Encode(y));
    }

    /// <summary>Any other conversion, lane by lane; registers may be wider than the types.</summary>
    private ConvertStep AnyConversion(Instruction instruction, PtxType to, PtxType from, Rounding? rounding, Rounding? integral)
    {
        var operands = instruction.Operands;
        var (a, sourceSize) = operands[1] is Register ? Wide(operands[1], from) : (Source(operands[1], from), from.Size());
        var (d, targetSize) = Wide(operands[0], to);
        var function = ConversionFunctions.Of(instruction, to, from, rounding, integral);
        return new(d, targetSize, a, sourceSize, to, from, function);
    }
}
