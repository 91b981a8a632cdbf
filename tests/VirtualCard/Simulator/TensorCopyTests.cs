using VirtualCard.Execution;
using VirtualCard.Execution.Async;
using static GpuOptim.Tests.VirtualCard.Simulator.MbarrierProgram;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>cp.async.bulk.tensor: a box of a matrix to shared memory and back, what lies outside read as zero and not written.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class TensorCopyTests
{
    private const int Rows = 50, Columns = 72;

    [Test]
    public void ABoxComesAndGoes(
        [Values("8x16 0", "16x8 32", "32x16 64", "64x16 128", "72x10 0")] string boxAndSwizzle,
        [Values("0 0", "24 32", "-8 -3", "40 44")] string corner)
    {
        int[] numbers = [.. boxAndSwizzle.Split('x', ' ').Select(int.Parse)], start = [.. corner.Split(' ').Select(int.Parse)];
        var (width, height, swizzle) = (numbers[0], numbers[1], numbers[2]);
        var matrix = new RandomNumbers(59).Integers<ushort>(Rows * Columns);
        ushort At(int row, int column) => row is >= 0 and < Rows && column is >= 0 and < Columns ? matrix[row * Columns + column] : (ushort)0;

        using var card = new Card();
        var (source, tile, back) = (card.Allocate(matrix), card.Poisoned<ushort>(width * height), card.Zeros<ushort>(Rows * Columns));
        var maps = new[] { source, back }.Select(array => new TensorMap(array.Address, 2, [Columns, Rows], [2 * Columns], [(uint)width, (uint)height], swizzle).Encode()).ToArray();
        var statistics = card.Launch(Program(width * height), 1, 64, [maps[0], maps[1], tile, start[0], start[1]], request => request with { ChecksRaces = true });

        var actual = tile.Read();
        for (var i = 0; i < actual.Length; i++)
        {
            var place = 2 * i ^ (2 * i >> 7 & Math.Max(swizzle / 16 - 1, 0)) << 4;
            Assert.That(actual[place / 2], Is.EqualTo(At(start[1] + i / width, start[0] + i % width)), $"element {i}");
        }
        Assert.That(back.Read(), Is.EqualTo(Enumerable.Range(0, Rows * Columns).Select(i =>
        {
            var (row, column) = (i / Columns - start[1], i % Columns - start[0]);
            return row >= 0 && row < height && column >= 0 && column < width ? matrix[i] : 0;
        })));
        Expect.Clean(statistics);
    }

    [Test]
    public void BytesThatAreNoMapAreAFault()
    {
        using var card = new Card();
        var tile = card.Poisoned<ushort>(64);
        Expect.Fault(FaultKind.Undefined, () => card.Launch(Program(64), 1, 64, [new byte[128], new byte[128], tile, 0, 0]), "not a tensor map");
    }

    private static string Program(int count) => PtxProgram.Kernel("map m, map o, u64 y, s32 cx, s32 cy", $$"""
        {{Start}}{{Initialize(1)}}{{ProxyFence}}{{Synchronize}}
        @%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r5], {{2 * count}};
        @%p1 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r4], [%m, {%cx, %cy}], [%r5];
        {{Wait("0")}}
        mov.u32 %r10, %r0;
        L: shl.b32 %r11, %r10, 1; add.u32 %r12, %r11, %r4; ld.shared.u16 %h0, [%r12]; mul.wide.u32 %d5, %r10, 2;
        add.u64 %d5, %d5, %y; st.global.u16 [%d5], %h0; add.u32 %r10, %r10, 64; setp.lt.u32 %p4, %r10, {{count}}; @%p4 bra L;
        @%p1 cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%o, {%cx, %cy}], [%r4];
        @%p1 cp.async.bulk.commit_group; @%p1 cp.async.bulk.wait_group 0; ret;
        """, target: "sm_90a");
}
