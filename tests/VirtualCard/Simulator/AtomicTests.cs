using System.Numerics;
using VirtualCard.Execution;
using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>atom and red, whose order within a block is that of its threads.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AtomicTests
{
    private const int Count = 512, Slots = 7;

    private readonly uint[] _slots = new RandomNumbers(48).Below(Slots, Count);

    private readonly float[] _floats = new RandomNumbers(49).Normals(Count);

    /// <summary>The memory, and what each thread found there.</summary>
    [Test]
    public void ThreadsFollowEachOther([ValueSource(typeof(AtomicOperation), nameof(AtomicOperation.All))] AtomicOperation operation, [Values("global", "shared", "")] string space)
    {
        var type = new IntegerType(operation.Type[0] == 's', int.Parse(operation.Type.AsSpan(1)));
        if (type.Bits == 32)
            Verify(type, new RandomNumbers(50).Integers<uint>(Count), new RandomNumbers(51).Integers<uint>(Slots), operation, space);
        else
            Verify(type, new RandomNumbers(50).Integers<ulong>(Count), new RandomNumbers(51).Integers<ulong>(Slots), operation, space);
    }

    /// <summary>Float sums are rounded one by one; in another order they differ by roundings.</summary>
    [TestCase("red.global.add.f32 [%d3], %f1;")]
    [TestCase("atom.global.add.f32 %f2, [%d3], %f1;")]
    [TestCase("red.relaxed.gpu.global.add.f32 [%d3], %f1;")]
    public void FloatsAreAdded(string instruction)
    {
        using var card = new Card();
        var (slots, values, sums) = (card.Allocate(_slots), card.Allocate(_floats), card.Zeros<float>(Slots));
        var ptx = PtxProgram.Kernel(
            "u64 i, u64 v, u64 m",
            PtxProgram.Thread + PtxProgram.Address("%d1", "%i", "%r3", 4) + "ld.global.u32 %r4, [%d1];\n" + PtxProgram.Address("%d2", "%v", "%r3", 4)
                + "ld.global.f32 %f1, [%d2];\n" + PtxProgram.Address("%d3", "%m", "%r4", 4) + instruction + " ret;");
        var statistics = card.Launch(ptx, 4, 128, [slots, values, sums], request => request with { MaxWorkers = 1 });
        var expected = new float[Slots];
        for (var i = 0; i < Count; i++)
            expected[_slots[i]] += _floats[i];
        Expect.Same(sums.Read(), expected);
        Assert.That(statistics.GlobalAtomics, Is.EqualTo(Count));

        card.Launch(ptx, 4, 128, [slots, values, sums], request => request with { Seed = 5 });
        Expect.Near(sums.Read(), expected.Select(sum => 2.0 * sum), 1e-3);
    }

    [Test]
    public void ALoopOfCompareAndSwapFindsTheGreatest([Values(null, 1)] int? seed)
    {
        using var card = new Card();
        var (values, greatest) = (card.Allocate(_floats), card.Allocate([-9f]));
        var body = PtxProgram.Thread + PtxProgram.Address("%d1", "%v", "%r3", 4) + """
            ld.global.f32 %f1, [%d1];
            ld.global.b32 %r5, [%m];
            L: mov.b32 %f2, %r5;
            max.f32 %f3, %f1, %f2;
            mov.b32 %r6, %f3;
            atom.global.cas.b32 %r7, [%m], %r5, %r6;
            setp.eq.b32 %p1, %r7, %r5;
            mov.b32 %r5, %r7;
            @!%p1 bra L;
            ret;
            """;
        card.Launch(PtxProgram.Kernel("u64 v, u64 m", body), 4, 128, [values, greatest], request => request with { Seed = seed });
        Assert.That(greatest.Read(), Is.EqualTo([_floats.Max()]));
    }

    /// <summary>Who holds a lock goes on, though others spin.</summary>
    /// <summary>A barrier of the whole grid: each block waits for all.</summary>
    [Test]
    public void BlocksMayWaitForEachOther([Values(1, 40, 300)] int blocks, [Values(null, 1)] int? seed)
    {
        using var card = new Card();
        var counter = card.Zeros<uint>(1);
        var body = PtxProgram.Thread + $$"""
            atom.global.add.u32 %r5, [%m], 1;
            W: atom.global.add.u32 %r6, [%m], 0;
            setp.lt.u32 %p1, %r6, {{blocks}};
            @%p1 bra W;
            ret;
            """;
        card.Launch(PtxProgram.Kernel("u64 m", body), blocks, 1, [counter], request => request with { Seed = seed });
        Assert.That(counter.Read()[0], Is.EqualTo(blocks));
    }

    /// <summary>On global memory sums lose subnormals, on shared memory they keep them.</summary>
    [Test]
    public void GlobalSumsFlushSubnormals()
    {
        using var card = new Card();
        var sums = card.Zeros<float>(2);
        const string Body = PtxProgram.Thread + """
            .shared .align 4 .b8 s[4];
            mov.u32 %r4, s;
            mov.f32 %f1, 0f00000010;
            mov.f32 %f2, 0f00000000;
            st.shared.f32 [%r4], %f2;
            red.shared.add.f32 [%r4], %f1;
            ld.shared.f32 %f2, [%r4];
            st.global.f32 [%m], %f2;
            red.global.add.f32 [%m+4], %f1;
            ret;
            """;
        card.Launch(PtxProgram.Kernel("u64 m", Body), 1, 1, [sums]);
        Assert.That(sums.Read().Select(BitConverter.SingleToUInt32Bits), Is.EqualTo([16u, 0u]));
    }

    /// <summary>An exchange whose old value nobody takes is a store.</summary>
    [Test]
    public void AnExchangeMayBeTheFirstWrite()
    {
        using var memory = new AddressSpace();
        using var module = new LoadedModule(Module.Parse(PtxProgram.Kernel("u64 m", PtxProgram.Thread + "atom.global.exch.b32 _, [%m], 9; ret;")), memory);
        var words = memory.Allocate(4, "words");
        module.GetKernel("k").Launch(new() { Grid = 1, Block = 1, Parameters = BitConverter.GetBytes(words.Start) });
        Assert.That(words.FirstUnwritten(0, 4), Is.EqualTo(-1));
    }

    [Test]
    public void ALockIsGivenBack()
    {
        using var card = new Card();
        var counter = card.Zeros<uint>(2);
        const string Body = PtxProgram.Thread + """
            setp.ne.u32 %p3, %r0, 0;
            @%p3 exit;
            L: atom.global.cas.b32 %r5, [%m], 0, 1;
            setp.ne.u32 %p1, %r5, 0;
            @%p1 bra L;
            ld.global.u32 %r6, [%m+4];
            add.u32 %r6, %r6, 1;
            st.global.u32 [%m+4], %r6;
            membar.gl;
            atom.global.exch.b32 %r7, [%m], 0;
            ret;
            """;
        card.Launch(PtxProgram.Kernel("u64 m", Body), 30, 32, [counter]);
        Assert.That(counter.Read(), Is.EqualTo([0, 30]));
    }

    /// <summary>Within a warp, where the winner stands in the same loop as the others.</summary>
    [Test]
    public void AWarpSharesALock()
    {
        using var card = new Card();
        var counter = card.Zeros<uint>(2);
        const string Body = PtxProgram.Thread + """
            mov.u32 %r8, 0;
            L: atom.global.cas.b32 %r5, [%m], 0, 1;
            setp.ne.u32 %p1, %r5, 0;
            @%p1 bra NEXT;
            ld.global.u32 %r6, [%m+4];
            add.u32 %r6, %r6, 1;
            st.global.u32 [%m+4], %r6;
            membar.gl;
            atom.global.exch.b32 %r7, [%m], 0;
            mov.u32 %r8, 1;
            NEXT: setp.eq.u32 %p2, %r8, 0;
            @%p2 bra L;
            ret;
            """;
        card.Launch(PtxProgram.Kernel("u64 m", Body), 2, 64, [counter]);
        Assert.That(counter.Read(), Is.EqualTo([0, 128]));
    }

    [Test]
    public void PairsOfHalvesAreAdded()
    {
        using var card = new Card();
        var sums = card.Zeros<ushort>(2);
        card.Launch(PtxProgram.Kernel("u64 m", PtxProgram.Thread + "mov.b32 %r5, 0x3c003800; red.global.add.noftz.f16x2 [%m], %r5; ret;"), 1, 64, [sums]);
        Assert.That(sums.Read().Select(FloatFormat.Half.Value), Is.EqualTo([32.0, 64.0]));
    }

    [Test]
    public void VectorsAreAdded()
    {
        using var card = new Card();
        var sums = card.Zeros<float>(4);
        card.Launch(
            PtxProgram.Kernel("u64 m", PtxProgram.Thread + "mov.f32 %f1, 0f3F800000; mov.f32 %f2, 0f40000000; red.global.add.v2.f32 [%m+8], {%f1, %f2}; ret;", target: "sm_90"),
            1,
            64,
            [sums]);
        Assert.That(sums.Read(), Is.EqualTo([0f, 0, 64, 128]));
    }

    private void Verify<T>(IntegerType type, T[] values, T[] initial, AtomicOperation operation, string space) where T : unmanaged
    {
        using var card = new Card();
        var (slots, numbers, memory, found) = (card.Allocate(_slots), card.Allocate(values), card.Allocate(initial), card.Poisoned<T>(Count));
        card.Launch(Program(operation, type, space), 1, Count, [slots, numbers, memory, found]);

        BigInteger[] now = [.. type.Read(initial)], operands = type.Read(values), before = new BigInteger[Count];
        for (var i = 0; i < Count; i++)
        {
            before[i] = now[_slots[i]];
            now[_slots[i]] = type.Wrap(operation.Reference(before[i], operands[i]));
        }
        Assert.That(type.Read(found.Read()), Is.EqualTo(before));
        Assert.That(type.Read(memory.Read()), Is.EqualTo(now));
    }

    /// <summary>In shared memory, that is filled before and copied back behind; without a space its address is a generic one.</summary>
    private static string Program(AtomicOperation operation, IntegerType type, string space)
    {
        var (size, register) = (type.Bits / 8, type.Bits == 32 ? "%r" : "%d");
        var kind = space == "" ? "" : $".{space}";
        string fill = "", copy = "", start = "%m";
        if (space != "global")
        {
            start = "%d9";
            fill = $"""
                .shared .align 8 .b8 sm[64];
                mov.u64 %d9, sm;
                {(space == "" ? "cvta.shared.u64 %d9, %d9;" : "")}
                setp.ge.u32 %p1, %r0, {Slots};
                @%p1 bra W;
                {PtxProgram.Address("%d3", "%m", "%r0", size)}ld.global.b{type.Bits} {register}20, [%d3];
                {PtxProgram.Address("%d4", "%d9", "%r0", size)}st{kind}.b{type.Bits} [%d4], {register}20;
                W: bar.sync 0;

                """;
            copy = $"""
                bar.sync 0;
                @%p1 bra X;
                {PtxProgram.Address("%d4", "%d9", "%r0", size)}ld{kind}.b{type.Bits} {register}20, [%d4];
                {PtxProgram.Address("%d3", "%m", "%r0", size)}st.global.b{type.Bits} [%d3], {register}20;
                X:
                """;
        }
        var body = $$"""
            {{fill}}{{PtxProgram.Address("%d1", "%i", "%r3", 4)}}ld.global.u32 %r4, [%d1];
            {{PtxProgram.Address("%d2", "%v", "%r3", size)}}ld.global.b{{type.Bits}} {{register}}21, [%d2];
            {{PtxProgram.Address("%d3", start, "%r4", size)}}atom{{kind}}.{{operation.Name}}.{{operation.Type}} {{register}}22, [%d3], {{register}}21;
            {{PtxProgram.Address("%d5", "%o", "%r3", size)}}st.global.b{{type.Bits}} [%d5], {{register}}22;
            {{copy}}
            ret;
            """;
        return PtxProgram.Kernel("u64 i, u64 v, u64 m, u64 o", PtxProgram.Thread + body);
    }
}
