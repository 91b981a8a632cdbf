using GpuOptim.Kernels.Simd.Matrix.Dot;

namespace GpuOptim.Tests.Kernels.Simd.Matrix.Dot;

/// <summary>The processor's bfloat16 dot instruction as its manual writes it, one number at a time.</summary>
internal readonly unsafe struct EmulatedDot : IDotLoop
{
    /// <summary>The least normal number, and what makes numbers around it normal.</summary>
    private const float Least = 1.17549435E-38f, Scale = 1L << 62;

    public static void Run(DotBlock* block) => Run(block, Accumulate);

    /// <summary>The loop, with any instruction.</summary>
    public static void Run(DotBlock* block, Func<float, uint, uint, float> accumulate)
    {
        for (var i = 0; i < DotBlock.Rows; i++)
        {
            for (var j = 0; j < DotBlock.Columns; j++)
            {
                var place = i * block->StrideBytes / sizeof(float) + j;
                var sum = block->Start == null ? 0 : block->Start[place];
                for (nint pair = 0; pair < block->Pairs; pair++)
                    sum = accumulate(sum, ((uint*)block->Left)[pair * DotBlock.Columns + i], ((uint*)block->Right)[pair * DotBlock.Columns + j]);
                block->Result[place] = block->Add != 0 ? block->Result[place] + sum : sum;
            }
        }
    }

    /// <summary>One lane of the instruction.</summary>
    public static float Accumulate(float sum, uint left, uint right)
    {
        sum = MultiplyAdd(left & 0xFFFF_0000, right & 0xFFFF_0000, sum);
        return MultiplyAdd(left << 16, right << 16, sum);
    }

    private static float MultiplyAdd(uint left, uint right, float sum)
    {
        float a = Flush(BitConverter.UInt32BitsToSingle(left)), b = Flush(BitConverter.UInt32BitsToSingle(right)), c = Flush(sum);
        var result = MathF.FusedMultiplyAdd(a, b, c);
        // Rounded to a whole mantissa it may be less than the least normal number, and as a subnormal number become that.
        return MathF.Abs(result) <= Least && MathF.Abs(MathF.FusedMultiplyAdd(a * Scale, b, c * Scale)) < Least * Scale ? MathF.CopySign(0, result) : result;
    }

    private static float Flush(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;
}
