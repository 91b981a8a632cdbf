using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix.Dot;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>What the processor can do with its bfloat16 dot instruction: independent ones in registers, on every thread.</summary>
internal readonly unsafe struct DotPeakJob : IChunkedJob
{
    private const int Steps = 50_000;

    private static readonly AssemblerRegisterZMM[] _sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly delegate* unmanaged<void> _code = (delegate* unmanaged<void>)ExecutableMemory.TryCopy(Assemble());

    /// <summary>Operations of a chunk: two multiply-adds for each of 16 floats, each counted as two.</summary>
    public static double FlopsPerChunk => 4.0 * 16 * _sums.Length * Steps;

    public void Run(int chunk) => _code();

    private static byte[] Assemble()
    {
        var code = new Assembler(64);
        var loop = code.CreateLabel();
        code.vxorps(xmm0, xmm0, xmm0);
        code.vxorps(xmm1, xmm1, xmm1);
        foreach (var sum in _sums)
            code.vpxord(sum, sum, sum);
        code.mov(eax, Steps);
        code.Label(ref loop);
        foreach (var sum in _sums)
            code.vdpbf16ps(sum, zmm0, zmm1);
        code.dec(eax);
        code.jne(loop);
        code.vzeroupper();
        code.ret();
        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), rip: 0);
        return bytes.ToArray();
    }
}
