using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>Assembles the loop over pairs: 16 sums, two vectors of the right panel, and each number pair of the left one in every lane of a third.</summary>
/// <remarks>It uses registers only that need not be kept, on Windows as elsewhere: the sums are in zmm16 to zmm31.</remarks>
internal static unsafe class DotCode
{
    private const int Vectors = 2, VectorBytes = 64, PairBytes = 4, PanelBytes = DotBlock.Columns * PairBytes;

    private static readonly AssemblerRegisterZMM[] _sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterZMM[] _right = [zmm0, zmm1];
    private static readonly AssemblerRegisterZMM[] _left = [zmm2, zmm3, zmm4, zmm5];

    /// <summary>The code, where it can be called; null where memory may not be executable. The processor must have the instruction.</summary>
    public static readonly delegate* unmanaged[SuppressGCTransition]<DotBlock*, void> Function =
        (delegate* unmanaged[SuppressGCTransition]<DotBlock*, void>)ExecutableMemory.TryCopy(Assemble());

    /// <summary>The bytes of a function of a pointer to a <see cref="DotBlock"/>.</summary>
    public static byte[] Assemble()
    {
        DotBlock fields;
        var origin = (byte*)&fields;
        var code = new Assembler(64);
        var (block, left, right, pairs, row, stride) = (rcx, rax, rdx, r8, r9, r10);
        if (!OperatingSystem.IsWindows())
            code.mov(block, rdi);
        code.mov(left, Field(&fields.Left));
        code.mov(right, Field(&fields.Right));
        code.mov(pairs, Field(&fields.Pairs));
        code.mov(stride, Field(&fields.StrideBytes));

        Label fromZero = code.CreateLabel(), loop = code.CreateLabel(), replace = code.CreateLabel();
        code.mov(row, Field(&fields.Start));
        code.test(row, row);
        code.je(fromZero);
        ForEachSum((sum, place) => code.vmovups(sum, place));
        code.jmp(loop);
        code.Label(ref fromZero);
        foreach (var sum in _sums)
            code.vpxord(sum, sum, sum);

        code.Label(ref loop);
        for (var vector = 0; vector < Vectors; vector++)
            code.vmovups(_right[vector], __zmmword_ptr[right + vector * VectorBytes]);
        for (var i = 0; i < DotBlock.Rows; i++)
        {
            var pair = _left[i % _left.Length];
            code.vpbroadcastd(pair, __dword_ptr[left + i * PairBytes]);
            for (var vector = 0; vector < Vectors; vector++)
                code.vdpbf16ps(_sums[i * Vectors + vector], _right[vector], pair);
        }
        code.sub(left, -PanelBytes);
        code.sub(right, -PanelBytes);
        code.dec(pairs);
        code.jne(loop);

        code.cmp(Field(&fields.Add), 0);
        code.je(replace);
        code.mov(row, Field(&fields.Result));
        ForEachSum((sum, place) => code.vaddps(sum, sum, place));
        code.Label(ref replace);
        code.mov(row, Field(&fields.Result));
        ForEachSum((sum, place) => code.vmovups(place, sum));
        // What comes next may be code for shorter vectors, which would wait for the upper halves.
        code.vzeroupper();
        code.ret();

        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), rip: 0);
        return bytes.ToArray();

        AssemblerMemoryOperand Field(void* field) => __qword_ptr[block + (int)((byte*)field - origin)];

        void ForEachSum(Action<AssemblerRegisterZMM, AssemblerMemoryOperand> emit)
        {
            for (var i = 0; i < DotBlock.Rows; i++)
            {
                for (var vector = 0; vector < Vectors; vector++)
                    emit(_sums[i * Vectors + vector], __zmmword_ptr[row + vector * VectorBytes]);
                code.add(row, stride);
            }
        }
    }
}
