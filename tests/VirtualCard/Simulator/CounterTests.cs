using System.Text.Json;
using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Sectors of global memory, and passes through the banks of shared memory.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CounterTests
{
    private const string Load = "ld.global.f32 %f1, [%d1];";

    [TestCase("mov.u32 %r4, %r3;", 16, 16, 1.0, TestName = "Neighbours share sectors")]
    [TestCase("shl.b32 %r4, %r3, 3;", 128, 128, 0.125, TestName = "Strangers do not")]
    [TestCase("mov.u32 %r4, 5;", 4, 1, 4.0, TestName = "All may read one")]
    [TestCase("xor.b32 %r4, %r3, 21;", 16, 16, 1.0, TestName = "Their order does not matter")]
    public void LoadsTouchSectors(string index, int sectors, int distinct, double efficiency)
    {
        var statistics = Run(index, Load, 4);
        Assert.That((statistics.GlobalLoadSectors, statistics.DistinctLoadSectors), Is.EqualTo((sectors, distinct)));
        Assert.That((statistics.GlobalLoadRequests, statistics.GlobalLoadBytes, statistics.LoadEfficiency), Is.EqualTo((4, 512, efficiency)));
    }

    [Test]
    public void VectorsFillTheirSectors()
    {
        var statistics = Run("mov.u32 %r4, %r3;", "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d1];", 16);
        Assert.That((statistics.GlobalLoadSectors, statistics.LoadEfficiency), Is.EqualTo((64, 1.0)));
    }

    [Test]
    public void GuardedStoresCountWhoStores()
    {
        var statistics = Run("setp.lt.u32 %p1, %r0, 8; mov.u32 %r4, %r3;", "@%p1 st.global.f32 [%d1], %f1;", 4);
        Assert.That((statistics.GlobalStoreSectors, statistics.GlobalStoreRequests, statistics.GlobalStoreBytes), Is.EqualTo((2, 2, 64)));
        Assert.That((statistics.ThreadInstructions["st.global.f32"], statistics.WarpInstructions["st.global.f32"]), Is.EqualTo((16, 2)));
    }

    [TestCase("shl.b32 %r5, %r0, 2;", 1, 1, TestName = "Consecutive words")]
    [TestCase("shl.b32 %r5, %r0, 3;", 2, 1, TestName = "Every other word")]
    [TestCase("shl.b32 %r5, %r0, 7;", 32, 1, TestName = "A column of 32")]
    [TestCase("mul.lo.u32 %r5, %r0, 132;", 1, 1, TestName = "A column of 33")]
    [TestCase("mov.u32 %r5, 64;", 1, 1, TestName = "One word for all")]
    [TestCase("and.b32 %r5, %r0, 1; shl.b32 %r5, %r5, 7;", 2, 1, TestName = "Two words of a bank")]
    [TestCase("shl.b32 %r5, %r0, 3;", 2, 1, 20, TestName = "A part of a warp")]
    public void WordsHaveBanks(string offset, int wavefronts, int ideal, int threads = 32) =>
        Assert.That(Banks(offset, "ld.shared.f32 %f1, [%r5];", threads), Is.EqualTo((1, wavefronts, ideal)));

    [TestCase("shl.b32 %r5, %r0, 1;", "ld.shared.u16 %h1, [%r5];", 1, 1, TestName = "Halves of a word")]
    [TestCase("shl.b32 %r5, %r0, 4;", "ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r5];", 4, 4, TestName = "Consecutive quads")]
    [TestCase("shl.b32 %r5, %r0, 7;", "ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r5];", 32, 4, TestName = "A column of quads")]
    [TestCase("shl.b32 %r5, %r0, 3;", "ld.shared.f64 %g1, [%r5];", 2, 2, TestName = "Consecutive doubles")]
    public void OtherWidthsHaveThem(string offset, string load, int wavefronts, int ideal) =>
        Assert.That(Banks(offset, load, 32), Is.EqualTo((1, wavefronts, ideal)));

    [Test]
    public void WarpsAreCountedEach() => Assert.That(Banks("shl.b32 %r5, %r0, 2;", "ld.shared.f32 %f1, [%r5];", 96), Is.EqualTo((3, 3, 3)));

    /// <summary>However many threads of the host run the blocks.</summary>
    [Test]
    public void WorkersCountTogether()
    {
        static string Count(int workers)
        {
            using var card = new Card();
            var (x, y) = (card.Zeros<float>(1 << 16), card.Poisoned<float>(1 << 16));
            var body = PtxProgram.Thread + PtxProgram.Address("%d1", "%x", "%r3", 4) + PtxProgram.Address("%d2", "%y", "%r3", 4)
                + """
                .shared .align 4 .b8 s[1024];
                ld.global.f32 %f1, [%d1];
                mov.u32 %r4, s; shl.b32 %r5, %r0, 3; and.b32 %r5, %r5, 1020; add.u32 %r5, %r5, %r4;
                st.shared.f32 [%r5], %f1;
                bar.sync 0;
                setp.lt.u32 %p1, %r0, 70;
                @%p1 st.global.f32 [%d2], %f1;
                ret;
                """;
            return JsonSerializer.Serialize(card.Launch(PtxProgram.Kernel("u64 x, u64 y", body), 256, 256, [x, y], request => request with { MaxWorkers = workers }));
        }

        Assert.That(Count(4), Is.EqualTo(Count(1)));
    }

    private static Statistics Run(string index, string instruction, int size)
    {
        using var card = new Card();
        return card.Launch(PtxProgram.Kernel("u64 a", PtxProgram.Thread + index + PtxProgram.Address("%d1", "%a", "%r4", size) + instruction + "ret;"), 2, 64, [card.Zeros<float>(32768)]);
    }

    private static (long Requests, long Wavefronts, long Ideal) Banks(string offset, string load, int threads)
    {
        using var card = new Card();
        var body = PtxProgram.Thread + $".shared .align 16 .b8 s[32768]; mov.u32 %r4, s; {offset} add.u32 %r5, %r5, %r4; {load} ret;";
        var statistics = card.Launch(PtxProgram.Kernel("", body), 1, threads, []);
        return (statistics.SharedRequests, statistics.SharedWavefronts, statistics.SharedWavefrontsIdeal);
    }
}
