using System.Runtime.InteropServices;
using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>wgmma finds its operands in every layout, and multiplies small integers exactly.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class WgmmaLayoutTests
{
    [Test]
    public void FindsItsOperands([Values(false, true)] bool isATransposed, [Values(false, true)] bool isBTransposed, [Values(1, 2, 4, 8)] int width)
    {
        Verify(new(64) { WidthA = width, WidthB = width, IsATransposed = isATransposed, IsBTransposed = isBTransposed });
        var other = width switch { 1 => 8, 2 => 1, 4 => 2, _ => 4 };
        Verify(new(136) { Type = "f16", WidthA = other, WidthB = width, IsATransposed = isATransposed, IsBTransposed = isBTransposed, Keeps = false });
    }

    [Test]
    public void TakesEveryNumberOfColumns([Values(8, 16, 24, 256)] int columns)
    {
        Verify(new(columns) { WidthA = 8, WidthB = 8, IsBTransposed = true });
        Verify(new(columns) { Type = "f16", WidthB = 4, IsAInRegisters = true });
    }

    [Test]
    public void Negates([Values(1, -1)] int scaleA, [Values(1, -1)] int scaleB) => Verify(new(32) { ScaleA = scaleA, ScaleB = scaleB });

    [Test]
    public void MultipliesTf32([Values(1, 2, 4, 8)] int width) => Verify(new(40) { Type = "tf32", WidthA = width, WidthB = width });

    [Test]
    public void MultipliesTf32FromRegisters() => Verify(new(16) { Type = "tf32", IsAInRegisters = true });

    /// <summary>A pattern need not start where its repetition does.</summary>
    [Test]
    public void StartsAnywhere([Values(1, 2, 4, 8)] int width) => Verify(new(40) { WidthA = width, WidthB = width, IsATransposed = true, Shift = 3 });

    [Test]
    public void RoundsNothingOfIntegers([Values] MmaRounding rounding) => Verify(new(16) { Rounding = rounding });

    /// <summary>Two blocks with the same operands and accumulators of their own.</summary>
    private static void Verify(Case test)
    {
        var random = new RandomNumbers(test.Columns + test.WidthA + test.WidthB);
        var depth = test.Depth;
        int[] a = [.. RandomNumbers.Draw(64 * depth, () => random.Next(-8, 9))], b = [.. RandomNumbers.Draw(test.Columns * depth, () => random.Next(-8, 9))];
        var image = new ushort[40000];
        image.AsSpan().Fill(0x7FFF);
        int startA = 128 * test.Shift, startB = 16384 + 128 * test.Shift;
        WgmmaOperand operandA = new(64, test.IsATransposed, test.WidthA), operandB = new(test.Columns, test.IsBTransposed, test.WidthB);
        operandA.Place(image, (line, k) => test.Element(a, line, k), startA);
        operandB.Place(image, (line, k) => test.Element(b, line, k), startB);

        uint[] registers = [.. Enumerable.Range(0, 128).SelectMany(thread => RegistersOfA(test, a, thread))];
        float[] c = RandomNumbers.Draw(2 * 64 * test.Columns, () => (float)random.Next(-50, 50));
        var places = Enumerable.Range(0, 2).SelectMany(block => Accumulators(test.Columns).Select(place => (Block: block, place.Row, place.Column))).ToArray();
        float C((int Block, int Row, int Column) place) => c[(place.Block * 64 + place.Row) * test.Columns + place.Column];

        using var card = new Card();
        var accumulators = card.Allocate(places.Select(C).ToArray());
        var statistics = card.Launch(
            Program(test),
            2,
            128,
            [
                card.Allocate(image), image.Length / 8, operandA.Descriptor(test.Shift), startA, operandB.Descriptor(test.Shift), startB,
                card.Allocate((uint[])[.. registers, .. registers]), accumulators, test.Keeps,
            ],
            request => request with { DynamicSharedBytes = 80000, ChecksRaces = true, MmaRounding = test.Rounding });
        Assert.That(accumulators.Read(), Is.EqualTo(places.Select(place =>
            test.ScaleA * test.ScaleB * Enumerable.Range(0, depth).Sum(k => a[place.Row * depth + k] * b[place.Column * depth + k]) + (test.Keeps ? C(place) : 0))));
        Expect.Clean(statistics);
        Assert.That(statistics.Wgmma, Is.EqualTo(2));
    }

    /// <summary>The elements of D that the threads hold, thread by thread.</summary>
    private static IEnumerable<(int Row, int Column)> Accumulators(int columns) =>
        from thread in Enumerable.Range(0, 128)
        from register in Enumerable.Range(0, columns / 2)
        select (thread / 32 * 16 + thread % 32 / 4 + 8 * (register / 2 % 2), 8 * (register / 4) + 2 * (thread % 4) + register % 2);

    private static IEnumerable<uint> RegistersOfA(Case test, int[] a, int thread) => Enumerable.Range(0, 4).Select(register =>
    {
        var row = thread / 32 * 16 + thread % 32 / 4 + 8 * (register % 2);
        // Two elements of 16 bits, or the halves of one of 32.
        var k = 2 * (thread % 4) + 8 * (register / 2);
        return test.Element(a, row, k) | (uint)test.Element(a, row, k + 1) << 16;
    });

    private static string Program(Case test)
    {
        var count = test.Columns / 2;
        static string Lines(int count, Func<int, string> line) => string.Join('\n', Enumerable.Range(0, count).Select(line));
        var flags = (test.Type, test.IsAInRegisters) switch
        {
            ("tf32", _) => "",
            (_, true) => $", {(test.IsBTransposed ? 1 : 0)}",
            _ => $", {(test.IsATransposed ? 1 : 0)}, {(test.IsBTransposed ? 1 : 0)}",
        };
        var body = $$"""
            {{PtxProgram.Thread}}
            .reg .f32 %c<{{count}}>;
            mov.u32 %r10, smem; mov.u32 %r5, %r0; setp.ne.u32 %p1, %keep, 0;
            COPY: setp.ge.u32 %p0, %r5, %chunks; @%p0 bra COPIED;
            mad.wide.u32 %d1, %r5, 16, %image; ld.global.v4.u32 {%r6, %r7, %r8, %r9}, [%d1];
            mad.lo.u32 %r11, %r5, 16, %r10; st.shared.v4.u32 [%r11], {%r6, %r7, %r8, %r9};
            add.u32 %r5, %r5, 128; bra COPY;
            COPIED: fence.proxy.async; bar.sync 0;
            add.u32 %r12, %r10, %at_a; shr.u32 %r12, %r12, 4; cvt.u64.u32 %d2, %r12; or.b64 %d2, %d2, %desc_a;
            add.u32 %r12, %r10, %at_b; shr.u32 %r12, %r12, 4; cvt.u64.u32 %d3, %r12; or.b64 %d3, %d3, %desc_b;
            mad.wide.u32 %d4, %r3, 16, %frag; ld.global.v4.u32 {%r6, %r7, %r8, %r9}, [%d4];
            mad.wide.u32 %d5, %r3, {{4 * count}}, %acc;
            {{Lines(count, i => $"ld.global.f32 %c{i}, [%d5+{4 * i}];")}}
            wgmma.fence.sync.aligned;
            wgmma.mma_async.sync.aligned.m64n{{test.Columns}}k{{test.Depth}}.f32.{{test.Type}}.{{test.Type}} {{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"%c{i}"))}}},
                {{(test.IsAInRegisters ? "{%r6, %r7, %r8, %r9}" : "%d2")}}, %d3, %p1, {{test.ScaleA}}, {{test.ScaleB}}{{flags}};
            wgmma.commit_group.sync.aligned;
            wgmma.wait_group.sync.aligned 0;
            {{Lines(count, i => $"st.global.f32 [%d5+{4 * i}], %c{i};")}}
            ret;
            """;
        return PtxProgram.Kernel(
            "u64 image, u32 chunks, u64 desc_a, u32 at_a, u64 desc_b, u32 at_b, u64 frag, u64 acc, u32 keep",
            body,
            ".extern .shared .align 1024 .b8 smem[];",
            "sm_90a");
    }

    private sealed record Case(int Columns)
    {
        public string Type { get; init; } = "bf16";

        /// <summary>Of the operands' swizzles, in pieces of 16 bytes.</summary>
        public int WidthA { get; init; } = 1;

        public int WidthB { get; init; } = 1;

        public bool IsATransposed { get; init; }

        public bool IsBTransposed { get; init; }

        public bool IsAInRegisters { get; init; }

        public int ScaleA { get; init; } = 1;

        public int ScaleB { get; init; } = 1;

        /// <summary>Whether the accumulators are added to.</summary>
        public bool Keeps { get; init; } = true;

        /// <summary>How far behind a repetition of the swizzle's pattern operands start, in 128 bytes.</summary>
        public int Shift { get; init; }

        public MmaRounding Rounding { get; init; }

        public int Depth => Type == "tf32" ? 8 : 16;

        /// <summary>An element's 16 bits, or half of those of a wide one.</summary>
        public ushort Element(int[] matrix, int line, int k)
        {
            if (Type != "tf32")
                return (Type == "f16" ? FloatFormat.Half : FloatFormat.BFloat16).Bits(matrix[line * 16 + k]);
            ReadOnlySpan<float> number = [matrix[line * 8 + k / 2]];
            return MemoryMarshal.Cast<float, ushort>(number)[k % 2];
        }
    }
}
