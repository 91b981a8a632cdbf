namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A thread knows where it is.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SpecialRegisterTests
{
    /// <summary>Three dimensions, and a last warp that is not whole.</summary>
    [Test]
    public void ThreadsOfAGridKnowTheirPlace()
    {
        const int Threads = 5 * 3 * 3;
        var body = PtxProgram.Registers + """
            mov.u32 %r0, %tid.x; mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z;
            mov.u32 %r3, %ntid.x; mov.u32 %r4, %ntid.y; mov.u32 %r5, %ntid.z;
            mov.u32 %r6, %ctaid.x; mov.u32 %r7, %ctaid.y; mov.u32 %r8, %ctaid.z;
            mov.u32 %r9, %nctaid.x; mov.u32 %r10, %nctaid.y; mov.u32 %r11, %nctaid.z;
            mad.lo.u32 %r12, %r2, %r4, %r1; mad.lo.u32 %r12, %r12, %r3, %r0;       // thread of the block
            mad.lo.u32 %r13, %r8, %r10, %r7; mad.lo.u32 %r13, %r13, %r9, %r6;      // block
            mul.lo.u32 %r14, %r3, %r4; mul.lo.u32 %r14, %r14, %r5;
            mad.lo.u32 %r15, %r13, %r14, %r12;
            mov.u32 %r16, %laneid; mov.u32 %r17, %warpid; mov.u32 %r18, %lanemask_lt; mov.u32 %r19, %nctaid.z;

            """ + PtxProgram.Address("%d1", "%y", "%r15", 16) + """
            st.global.v4.u32 [%d1], {%r16, %r17, %r18, %r19};
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(3 * 2 * 2 * Threads * 4);
        card.Launch(PtxProgram.Kernel("u64 y", body), new(3, 2, 2), new(5, 3, 3), [y]);
        var block = Enumerable.Range(0, Threads).SelectMany(i => (uint[])[(uint)i % 32, (uint)i / 32, (1u << i % 32) - 1, 2]).ToArray();
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Repeat(block, 12).SelectMany(numbers => numbers)));
    }
}
