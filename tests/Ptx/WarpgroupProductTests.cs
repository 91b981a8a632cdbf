using GpuOptim.Host;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>The matrix products by Hopper's warpgroups, executed on the CPU from their committed PTX.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WarpgroupProductTests : IDisposable
{
    private readonly SimdDevice _device = new();

    public void Dispose() => _device.Dispose();

    /// <summary>Ends of tiles of 64, 128 and 256, short and long inner dimensions: within rounding of the product in double, symmetric where it must be.</summary>
    [Test]
    public void IsWithinRounding([Values("3x5", "65x130", "300x270", "129x420", "1030x2")] string shape, [Values] ProductOperation operation)
    {
        int[] extents = [.. shape.Split('x').Select(int.Parse)];
        using var job = ProductJob.Prepare(_device, operation, ElementType.BFloat16, extents[0], extents[1]);
        job.AssertIsWithinRounding(ProductVariant.Warpgroup);
    }

    /// <summary>The work of the tiles and no more; on the diagonal one has a right half for nothing. No bank twice at a time, whole sectors of global memory.</summary>
    [Test]
    public void DoesTheWorkOfTheTiles([Values] ProductOperation operation, [Values(false, true)] bool isTall)
    {
        const int Small = 384, Large = 512, Warpgroups = 2, ProductsOfATile = 4;
        using var job = ProductJob.Prepare(_device, operation, ElementType.BFloat16, isTall ? Large : Small, isTall ? Small : Large);
        var (_, statistics) = job.Simulate(ProductVariant.Warpgroup);
        // Below the diagonal 128 rows have one tile, and one, and two.
        var tiles = operation != ProductOperation.MultiplyAdd ? 4 : isTall ? 4 * 2 : 3 * 2;
        Assert.That(statistics.Wgmma, Is.EqualTo(ProductJob.Count * tiles * (job.Depth / WarpgroupProduct.TileDepth) * Warpgroups * ProductsOfATile));
        Assert.That((statistics.RaceCount, statistics.SharedConflicts, statistics.StoreEfficiency), Is.EqualTo((0, 0, 1.0)));
        // Where a tile ends behind the matrix, threads read one row together.
        Assert.That(statistics.LoadEfficiency, Is.InRange(1, 1.2));
    }

    /// <summary>The simulator sees what is missing, wherever it is.</summary>
    [TestCase("wgmma.wait_group.sync.aligned 0;", "which is still in flight")]
    [TestCase("wgmma.wait_group.sync.aligned 1;", "shared memory overwritten while the wgmma")]
    [TestCase("wgmma.fence.sync.aligned;", "without a wgmma.fence")]
    [TestCase("cp.async.wait_group 1;", "has not been waited for")]
    public void WhatIsMissingIsAFault(string instruction, string report)
    {
        using var job = ProductJob.Prepare(_device, ProductOperation.SymmetricProduct, ElementType.BFloat16, 130, 400);
        Expect.Fault(FaultKind.Undefined, () => job.Simulate(ProductVariant.Warpgroup, change: ptx => ptx.Replace(instruction, "", StringComparison.Ordinal)), report);
    }

    /// <summary>What others do without, with <c>cp.async</c>, is a warning; what only luck makes right is a race.</summary>
    [Test]
    public void AMissingProxyFenceOrBarrierIsNoted()
    {
        const string Fence = "fence.proxy.async.shared::cta;", Barrier = "\n\tbar.sync\t0;";
        using var job = ProductJob.Prepare(_device, ProductOperation.SymmetricProduct, ElementType.BFloat16, 130, 400);
        Statistics Without(string text) => job.Simulate(ProductVariant.Warpgroup, change: ptx => ptx.Replace(Fence + Barrier, (Fence + Barrier).Replace(text, "", StringComparison.Ordinal), StringComparison.Ordinal)).Statistics;
        Assert.That(Without(Fence).Warnings, Has.Some.Contains("without a fence.proxy.async"));
        Assert.That(Without(Barrier).RaceCount, Is.Positive);
    }
}
