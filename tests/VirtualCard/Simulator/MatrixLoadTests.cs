using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>ldmatrix, stmatrix and movmatrix.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MatrixLoadTests
{
    /// <summary>Two warps, and rows in another order than they lie.</summary>
    [Test]
    public void MatricesAreDealtOut([Values(1, 2, 4)] int count, [Values("", ".trans")] string transposition)
    {
        var body = $$"""
            {{PtxProgram.Thread}}
            .shared .align 16 .b8 tile[4096];
            mov.u32 %r4, tile;
            mad.lo.u32 %r5, %r0, 16, %r4;
            {{PtxProgram.Address("%d1", "%x", "%r3", 16)}}ld.global.v4.u32 {%r20, %r21, %r22, %r23}, [%d1];
            st.shared.v4.u32 [%r5], {%r20, %r21, %r22, %r23};
            bar.sync 0;
            xor.b32 %r6, %r0, 5;
            mad.lo.u32 %r5, %r6, 16, %r4;
            mov.u32 %r10, 0; mov.u32 %r11, 0; mov.u32 %r12, 0; mov.u32 %r13, 0;
            ldmatrix.sync.aligned.m8n8.x{{count}}{{transposition}}.shared.b16 {{Registers(count)}}, [%r5];
            {{PtxProgram.Address("%d2", "%y", "%r3", 16)}}st.global.v4.u32 [%d2], {%r10, %r11, %r12, %r13};
            ret;
            """;
        var data = new RandomNumbers(54).Integers<ushort>(64 * 8);
        using var card = new Card();
        var y = card.Poisoned<uint>(64 * 4);
        var statistics = card.Launch(PtxProgram.Kernel("u64 x, u64 y", body), 1, 64, [card.Allocate(data), y], request => request with { ChecksRaces = true });
        var expected = new uint[64 * 4];
        for (var thread = 0; thread < 64; thread++)
        {
            for (var matrix = 0; matrix < count; matrix++)
            {
                ushort At(int row, int column) => data[((thread & ~31) + ((8 * matrix + row) ^ 5)) * 8 + column];
                var (line, pair) = (thread % 32 / 4, thread % 4 * 2);
                expected[thread * 4 + matrix] = transposition == "" ? At(line, pair) | (uint)At(line, pair + 1) << 16 : At(pair, line) | (uint)At(pair + 1, line) << 16;
            }
        }
        Assert.That(y.Read(), Is.EqualTo(expected));
        Expect.Clean(statistics);
        Assert.That(statistics.SharedConflicts, Is.Zero);
    }

    [Test]
    public void MatricesComeBack([Values(1, 2, 4)] int count, [Values("", ".trans")] string transposition)
    {
        var body = $$"""
            {{PtxProgram.Thread}}
            .shared .align 16 .b8 tile[1024];
            mov.u32 %r4, tile;
            {{PtxProgram.Address("%d1", "%x", "%r3", 16)}}ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d1];
            and.b32 %r5, %r0, {{8 * count - 1}};
            mad.lo.u32 %r5, %r5, 16, %r4;
            stmatrix.sync.aligned.m8n8.x{{count}}{{transposition}}.shared.b16 [%r5], {{Registers(count)}};
            bar.warp.sync 0xffffffff;
            ldmatrix.sync.aligned.m8n8.x{{count}}{{transposition}}.shared.b16 {{Registers(count)}}, [%r5];
            {{PtxProgram.Address("%d2", "%y", "%r3", 16)}}st.global.v4.u32 [%d2], {%r10, %r11, %r12, %r13};
            ret;
            """;
        var data = new RandomNumbers(55).Integers<uint>(32 * 4);
        using var card = new Card();
        var y = card.Poisoned<uint>(32 * 4);
        card.Launch(PtxProgram.Kernel("u64 x, u64 y", body, target: "sm_90"), 1, 32, [card.Allocate(data), y]);
        Assert.That(y.Read(), Is.EqualTo(data));
    }

    [Test]
    public void AMatrixIsTurned()
    {
        var numbers = new RandomNumbers(56).Integers<uint>(32);
        var actual = MemoryMarshal.Cast<uint, ushort>(Lanes.Run<uint>("movmatrix.sync.aligned.m8n8.trans.b16 {d}, {s0};", [numbers])).ToArray();
        var halves = MemoryMarshal.Cast<uint, ushort>(numbers).ToArray();
        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, 64).Select(i => halves[i % 8 * 8 + i / 8])));
    }

    private static string Registers(int count) => $"{{{string.Join(", ", Enumerable.Range(10, count).Select(i => $"%r{i}"))}}}";
}
