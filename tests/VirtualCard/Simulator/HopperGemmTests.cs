using VirtualCard.Execution;
using VirtualCard.Execution.Async;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A product whose warps have trades: one loads tiles by tensor copies, four multiply with wgmma. And what becomes of it when something is wrong.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class HopperGemmTests
{
    [TestCase(64, 64, 64)]
    [TestCase(128, 192, 328)]
    [TestCase(128, 64, 256)]
    public void ItIsRight(int rows, int columns, int depth)
    {
        foreach (var seed in (int?[])[null, 5])
        {
            var (actual, expected, statistics) = Run(rows, columns, depth, ptx => ptx, seed);
            Expect.Near(actual, expected, 1e-4);
            Expect.Clean(statistics);
        }
    }

    [TestCase("@!%p1 bra FULL;", "", FaultKind.Deadlock, TestName = "The consumer does not wait")]
    [TestCase("@!%p1 bra EMPTY;", "", FaultKind.Undefined, TestName = "The producer does not wait")]
    [TestCase("wgmma.wait_group.sync.aligned 0;", "wgmma.wait_group.sync.aligned 1;", FaultKind.Undefined, "in flight", TestName = "The consumer goes on too early")]
    [TestCase("mbarrier.init.shared::cta.b64 [%r2+16], 4;", "mbarrier.init.shared::cta.b64 [%r2+16], 5;", FaultKind.Deadlock, "deadlock", "mbarrier", TestName = "An arrival is missing")]
    [TestCase("_, [%r9], 16384;", "_, [%r9], 8192;", FaultKind.Undefined, "read by wgmma while the cp.async.bulk", TestName = "Too few bytes are expected")]
    [TestCase("_, [%r9], 16384;", "_, [%r9], 32768;", FaultKind.Deadlock, "deadlock", "16384 bytes missing", TestName = "Too many bytes are expected")]
    public void WhatIsWrongIsAFault(string part, string wrong, FaultKind kind, params string[] report)
    {
        Assert.That(Sample.Read("HopperGemm.sm90a"), Does.Contain(part));
        Expect.Fault(kind, () => Run(64, 64, 256, ptx => ptx.Replace(part, wrong, StringComparison.Ordinal)), report);
    }

    private static (float[] Actual, double[] Expected, Statistics Statistics) Run(int rows, int columns, int depth, Func<string, string> change, int? seed = null)
    {
        var random = new RandomNumbers(60);
        ushort[] a = Matrices.Draw(random, rows * depth), b = Matrices.Draw(random, depth * columns);
        using var card = new Card();
        var (left, right, product) = (card.Allocate(a), card.Allocate(b), card.Poisoned<float>(rows * columns));
        object[] arguments =
        [
            Map(left.Address, depth, rows),
            Map(right.Address, columns, depth),
            product,
            columns,
            (depth + 63) / 64,
        ];
        var statistics = card.Launch(change(Sample.Read("HopperGemm.sm90a")), new(columns / 64, rows / 64), 160, arguments, request => request with { ChecksRaces = true, Seed = seed });
        return (product.Read(), Matrices.Product(a, b, rows, columns, depth), statistics);
    }

    /// <summary>Tiles of 64 by 64 of a matrix of 16 bits.</summary>
    private static byte[] Map(ulong address, int columns, int rows) => new TensorMap(address, 2, [(uint)columns, (uint)rows], [2 * (ulong)columns], [64, 64], 128).Encode();
}
