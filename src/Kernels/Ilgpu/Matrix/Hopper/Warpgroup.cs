using ILGPU.IR.Intrinsics;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Hopper;

/// <summary>
/// Instructions of a warpgroup, four warps that drive all tensor cores of a multiprocessor of sm_90a at once. What stands here in C# is never run.
/// </summary>
/// <remarks>
/// Products run beside the threads, and until they are waited for nothing may touch the sums. So a warpgroup has one set of sums, 64 x 256, in registers that
/// <see cref="WarpgroupCode"/> names and ILGPU's compiler does not know.
/// </remarks>
internal static class Warpgroup
{
    /// <summary>Makes the sums zero. Stands once in a kernel, before all that needs them.</summary>
    [IntrinsicImplementation]
    public static void Clear()
    {
    }

    /// <summary>Adds the products of 16 inner indices to the sums, some time until a wait.</summary>
    /// <param name="left">The descriptor of 64 rows of the left operand.</param>
    /// <param name="right">The descriptor of 256 rows of the right one, the columns of the result.</param>
    /// <param name="leftIsStrided">1 if neighbors in a line of the left operand are rows, 0 if they are inner indices; a constant.</param>
    /// <param name="rightIsStrided">The same of the right one.</param>
    [IntrinsicImplementation]
    public static void MultiplyAdd(long left, long right, int leftIsStrided, int rightIsStrided)
    {
    }

    /// <summary>The sums, once all products were waited for: a warp's 16 rows by 256 columns, of which a strip is 64 columns.</summary>
    [IntrinsicImplementation]
    public static WarpTile Sums() => default;

    /// <summary>Orders what threads did to the sums before the products that follow.</summary>
    [IntrinsicImplementation, PtxInstruction("wgmma.fence.sync.aligned")]
    public static void Fence()
    {
    }

    /// <summary>Makes a group of the products started since the last one.</summary>
    [IntrinsicImplementation, PtxInstruction("wgmma.commit_group.sync.aligned")]
    public static void Commit()
    {
    }

    /// <summary>Waits for the groups of products but the last.</summary>
    [IntrinsicImplementation, PtxInstruction("wgmma.wait_group.sync.aligned 1")]
    public static void WaitForAllButOne()
    {
    }

    /// <summary>Waits for all products.</summary>
    [IntrinsicImplementation, PtxInstruction("wgmma.wait_group.sync.aligned 0")]
    public static void WaitForAll()
    {
    }

    /// <summary>Has products that other threads start behind a barrier see what this one wrote to shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("fence.proxy.async.shared::cta")]
    public static void ShowSharedMemory()
    {
    }
}
