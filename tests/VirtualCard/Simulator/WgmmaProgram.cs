using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A product of matrices of ones by one warpgroup or more, of parts that may be left out or stand elsewhere: m64n8k16, without a swizzle.</summary>
internal static class WgmmaProgram
{
    /// <summary>Each thread fills its 16 bytes of A with ones, sixteen threads those of B.</summary>
    public const string Fill = "st.shared.v4.u32 [%r7], {%r10, %r10, %r10, %r10}; setp.lt.u32 %p2, %r0, 16; @%p2 st.shared.v4.u32 [%r8], {%r10, %r10, %r10, %r10};\n";

    public const string Synchronize = "bar.sync 0;\n", Ready = "fence.proxy.async.shared::cta;\n" + Synchronize;

    public const string Fence = "wgmma.fence.sync.aligned;\n", Commit = "wgmma.commit_group.sync.aligned;\n";

    public const string Wait = "wgmma.wait_group.sync.aligned 0;\n", WaitForAllButOne = "wgmma.wait_group.sync.aligned 1;\n";

    public const string Multiply = "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%c0, %c1, %c2, %c3}, %d2, %d3, %p1, 1, 1, 0, 0;\n";

    public const string MultiplyOthers = "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%c4, %c5, %c6, %c7}, %d2, %d3, %p1, 1, 1, 0, 0;\n";

    public const string MultiplyMore =
        "wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {%c0, %c1, %c2, %c3, %c4, %c5, %c6, %c7}, %d2, %d3, %p1, 1, 1, 0, 0;\n";

    public const string MultiplyRegisters =
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%c0, %c1, %c2, %c3}, {%r10, %r11, %r12, %r13}, %d3, %p1, 1, 1, 0;\n";

    /// <summary>Each thread's four sums go to global memory.</summary>
    public static readonly string Store = PtxProgram.Address("%d1", "%x", "%r0", 16) + "st.global.v4.f32 [%d1], {%c0, %c1, %c2, %c3}; ret;\n";

    /// <summary>%r7 and %r8 address the thread's part of A and B, %d2 and %d3 describe them, %r10 to %r13 hold ones, %p1 holds.</summary>
    private const string Start = PtxProgram.Thread + """
        .reg .f32 %c<8>;
        .shared .align 128 .b8 a[4096]; .shared .align 128 .b8 b[512];
        mov.u32 %r4, a; mov.u32 %r5, b; shl.b32 %r6, %r0, 4; add.u32 %r7, %r4, %r6; add.u32 %r8, %r5, %r6;
        mov.f32 %c0, 0f00000000; mov.f32 %c1, %c0; mov.f32 %c2, %c0; mov.f32 %c3, %c0;
        mov.f32 %c4, %c0; mov.f32 %c5, %c0; mov.f32 %c6, %c0; mov.f32 %c7, %c0; setp.eq.u32 %p1, %r0, %r0;
        shr.u32 %r9, %r4, 4; cvt.u64.u32 %d2, %r9; or.b64 %d2, %d2, 0x0000000800400000;
        shr.u32 %r9, %r5, 4; cvt.u64.u32 %d3, %r9; or.b64 %d3, %d3, 0x0000000800080000;
        mov.b32 %r10, 0x3f803f80; mov.b32 %r11, %r10; mov.b32 %r12, %r10; mov.b32 %r13, %r10;

        """;

    /// <summary>Runs parts in their order, and returns the sums.</summary>
    public static (float[] Sums, Statistics Statistics) Run(string parts, int threads = 128, int? seed = null)
    {
        using var card = new Card();
        var x = card.Zeros<float>(threads * 4);
        var statistics = card.Launch(PtxProgram.Kernel("u64 x", Start + parts, target: "sm_90a"), 1, threads, [x], request => request with { ChecksRaces = true, Seed = seed });
        return (x.Read(), statistics);
    }
}
