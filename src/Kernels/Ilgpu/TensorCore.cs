using GpuOptim.Kernels.Lanes;
using ILGPU.IR.Intrinsics;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// Instructions of tensor cores, and of shared memory where they find their operands, from sm_80 on. Addresses in shared memory are 32-bit numbers.
/// Only CUDA has them: what stands here in C# is never run.
/// </summary>
internal static class TensorCore
{
    /// <summary>16 x 8 sums of a warp, each with sixteen products added.</summary>
    /// <typeparam name="TFormat">The type of what is multiplied: 16 bits.</typeparam>
    public static Float4 MultiplyAdd<TFormat>(UInt4 left, UInt2 right, Float4 sum) where TFormat : IFormat =>
        TFormat.Type == ElementType.BFloat16 ? MultiplyAddBFloat16(left, right, sum) : MultiplyAddFloat16(left, right, sum);

    [IntrinsicImplementation, PtxInstruction("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32")]
    public static Float4 MultiplyAddBFloat16(UInt4 left, UInt2 right, Float4 sum) => sum;

    [IntrinsicImplementation, PtxInstruction("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32")]
    public static Float4 MultiplyAddFloat16(UInt4 left, UInt2 right, Float4 sum) => sum;

    /// <summary>Four matrices of 8 x 8 elements of 16 bits: each lane names a line, and gets two neighbors from a line of each matrix.</summary>
    [IntrinsicImplementation, PtxInstruction("ldmatrix.sync.aligned.m8n8.x4.shared.b16", "{0}, [{1}]")]
    public static UInt4 LoadMatrices(int line) => default;

    /// <summary>As <see cref="LoadMatrices"/>, each matrix transposed.</summary>
    [IntrinsicImplementation, PtxInstruction("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", "{0}, [{1}]")]
    public static UInt4 LoadMatricesTransposed(int line) => default;

    /// <summary>The number itself, computed here: the compiler moves what it may to where it is used, into a loop, too.</summary>
    [IntrinsicImplementation, PtxInstruction("mov.b32")]
    public static int Keep(int number) => number;

    /// <inheritdoc cref="Keep(int)"/>
    [IntrinsicImplementation, PtxInstruction("mov.b64")]
    public static long Keep(long number) => number;

    /// <summary>Starts to copy 16 bytes of global memory.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.cg.shared.global", "[{0}], [{1}], 16")]
    public static void CopyAsync(int destination, long source)
    {
    }

    /// <summary>Makes a group of the copies started since the last one.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.commit_group")]
    public static void CommitCopies()
    {
    }

    /// <summary>Waits for the thread's groups of copies but the last three.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 3")]
    public static void WaitForOldestCopies()
    {
    }

    /// <summary>Waits for the thread's groups of copies but the last.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 1")]
    public static void WaitForCopiesButOne()
    {
    }

    /// <summary>Waits for the thread's copies.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_all")]
    public static void WaitForCopies()
    {
    }

    /// <summary>Where in shared memory something is.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.u32.u64", "{0}, {1}")]
    public static int SharedAddress(ref UInt4 shared) => default;

    [IntrinsicImplementation, PtxInstruction("ld.shared.b32", "{0}, [{1}]")]
    public static uint LoadShared(int source) => default;

    [IntrinsicImplementation, PtxInstruction("st.shared.b32", "[{0}], {1}")]
    public static void StoreShared(int destination, uint value)
    {
    }

    [IntrinsicImplementation, PtxInstruction("st.shared.b16", "[{0}], {1}")]
    public static void StoreShared(int destination, ushort value)
    {
    }

    [IntrinsicImplementation, PtxInstruction("ld.shared.v2.b32", "{0}, [{1}]")]
    public static UInt2 LoadSharedTwo(int source) => default;

    [IntrinsicImplementation, PtxInstruction("ld.shared.v4.b32", "{0}, [{1}]")]
    public static UInt4 LoadSharedFour(int source) => default;

    [IntrinsicImplementation, PtxInstruction("st.shared.v4.b32", "[{0}], {1}")]
    public static void StoreSharedFour(int destination, UInt4 value)
    {
    }

    [IntrinsicImplementation, PtxInstruction("st.global.v4.b32", "[{0}], {1}")]
    public static void StoreFour(long destination, UInt4 value)
    {
    }
}
