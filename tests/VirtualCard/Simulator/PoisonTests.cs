using VirtualCard.Memory;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>What nobody has written is NaN of whatever type reads it.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class PoisonTests
{
    [Test]
    public void RegistersAndMemoryStartAsNaN()
    {
        var body = PtxProgram.Thread + ".shared .align 4 .b8 s[16]; .local .align 4 .b8 l[16];\n" + PtxProgram.Address("%d1", "%y", "%r3", 16) + """
            ld.shared.f32 %f2, [s]; ld.local.f32 %f3, [l+8]; ld.global.f32 %f4, [%y+2048];
            st.global.v4.f32 [%d1], {%f1, %f2, %f3, %f4};
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<float>(1024);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", body), 1, 32, [y], request => request with { ChecksRaces = true });
        Assert.That(y.Read()[..128], Is.All.NaN);
        Assert.That(statistics.Warnings, Has.Some.Contains("%f1 is read but never written"));
        Assert.That(statistics.UninitializedShared, Has.Count.EqualTo(1).And.Some.Contains("s+0"));
    }

    [Test]
    public void ItIsNaNOfEveryType()
    {
        using var card = new Card();
        Assert.That(card.Poisoned<float>(7).Read(), Is.All.NaN);
        Assert.That(card.Poisoned<double>(7).Read(), Is.All.NaN);
        var halves = card.Poisoned<ushort>(7).Read();
        Assert.That(halves.Select(FloatFormat.Half.Value), Is.All.NaN);
        Assert.That(halves.Select(FloatFormat.BFloat16.Value), Is.All.NaN);
        Assert.That(card.Poisoned<byte>(7).Read(), Is.EqualTo([0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF]));
        Assert.That(halves, Is.All.EqualTo(AddressSpace.Poison));
    }
}
