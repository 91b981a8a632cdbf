using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>cp.async: what has not been waited for is not there.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AsyncCopyTests
{
    private const uint Poison = 0x7FFF7FFF;

    private readonly uint[] _data = new RandomNumbers(57).Below(1 << 30, 64 * 4);

    /// <summary>Three groups, of a first, a second and the last two numbers of a thread.</summary>
    [TestCase("cp.async.wait_group 0;", 4)]
    [TestCase("cp.async.wait_group 1;", 2)]
    [TestCase("cp.async.wait_group 2;", 1)]
    [TestCase("cp.async.wait_all;", 4)]
    [TestCase("", 0)]
    public void GroupsArriveWhenTheyAreWaitedFor(string wait, int arrived)
    {
        var (actual, statistics) = Run("", wait);
        Assert.That(actual, Is.EqualTo(_data.Select((number, i) => i % 4 < arrived ? number : Poison)));
        Assert.That(statistics.Races.Select(race => race.Kind).Distinct(), Is.EqualTo(arrived == 4 ? (string[])[] : ["cp.async in flight"]));
        Assert.That(statistics.CpAsyncBytes, Is.EqualTo(64 * 16));
    }

    [TestCase(", 4", 3)]
    [TestCase(", 0", 2)]
    public void TheRestIsFilledWithZeros(string size, int kept)
    {
        var (actual, _) = Run(size, "cp.async.wait_group 0;");
        Assert.That(actual, Is.EqualTo(_data.Select((number, i) => i % 4 < kept ? number : 0)));
    }

    [Test]
    public void ACopyFromBehindABufferIsAFault()
    {
        using var card = new Card();
        var x = card.Allocate(_data[..^4]);
        Expect.Fault(FaultKind.IllegalAddress, () => card.Launch(Program("", ""), 1, 64, [x, x]), "cp.async source", "thread (63, 0, 0)");
    }

    private (uint[] Result, Statistics Statistics) Run(string size, string wait)
    {
        using var card = new Card();
        var y = card.Poisoned<uint>(_data.Length);
        var statistics = card.Launch(Program(size, wait), 1, 64, [card.Allocate(_data), y], request => request with { ChecksRaces = true });
        return (y.Read(), statistics);
    }

    private static string Program(string size, string wait) => PtxProgram.Kernel("u64 x, u64 y", $$"""
        {{PtxProgram.Thread}}
        .shared .align 16 .b8 buf[1024];
        mov.u32 %r4, buf;
        mad.lo.u32 %r5, %r0, 16, %r4;
        {{PtxProgram.Address("%d1", "%x", "%r3", 16)}}{{PtxProgram.Address("%d2", "%y", "%r3", 16)}}
        st.shared.v4.u32 [%r5], {7, 7, 7, 7};
        cp.async.ca.shared.global [%r5], [%d1], 4;
        cp.async.commit_group;
        cp.async.ca.shared.global [%r5+4], [%d1+4], 4;
        cp.async.commit_group;
        cp.async.ca.shared.global [%r5+8], [%d1+8], 8{{size}};
        cp.async.commit_group;
        {{wait}}
        ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [%r5];
        st.global.v4.u32 [%d2], {%r10, %r11, %r12, %r13};
        cp.async.wait_all;
        ret;
        """);
}
