using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Constants, variables, local and shared memory, parameters, and generic addresses of them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MemorySpaceTests
{
    [Test]
    public void EveryMemoryHasItsAddresses()
    {
        const string Variables = """
            .const .align 4 .b32 table[4] = {10, 20, 30, 0x28};
            .global .align 4 .f32 gvar[2] = {0f3F800000, 2.5};
            .extern .shared .align 16 .b8 dyn[];
            """;
        var body = PtxProgram.Thread + """
            .local .align 16 .b8 l[64]; .shared .align 8 .b8 s[256];
            and.b32 %r4, %r0, 3; mul.wide.u32 %d1, %r4, 4;
            mov.u64 %d2, table; add.u64 %d2, %d2, %d1; ld.const.u32 %r5, [%d2];
            ld.global.f32 %f1, [gvar+4]; cvt.rzi.u32.f32 %r6, %f1; add.u32 %r5, %r5, %r6;
            mov.u64 %d3, l; add.u64 %d3, %d3, %d1; st.local.u32 [%d3], %r5;           // an index that varies
            cvt.u16.u32 %h1, %r0; st.local.b16 [l+34], %h1; st.local.b8 [l+37], %h1;
            cvt.u64.u32 %d4, %r0; shl.b64 %d4, %d4, 33; st.local.b64 [l+40], %d4;
            cvta.local.u64 %d5, %d3; ld.u32 %r7, [%d5];                                // generic and local
            ld.local.u16 %h2, [l+34]; ld.local.s8 %h3, [l+37]; ld.local.b64 %d6, [l+40];
            cvt.u32.u16 %r8, %h2; cvt.s32.s16 %r9, %h3; shr.u64 %d6, %d6, 33; cvt.u32.u64 %r10, %d6;
            mov.u32 %r11, dyn; mad.lo.u32 %r11, %r0, 4, %r11; st.shared.u32 [%r11], %r7;
            cvt.u64.u32 %d7, %r11; cvta.shared.u64 %d7, %d7; ld.u32 %r12, [%d7];        // generic and shared
            isspacep.shared %p1, %d7; isspacep.local %p2, %d5; isspacep.global %p3, %y;
            and.pred %p1, %p1, %p2; and.pred %p1, %p1, %p3;
            selp.u32 %r13, 1, 0, %p1;
            cvta.to.shared.u64 %d8, %d7; cvt.u32.u64 %r14, %d8; sub.u32 %r14, %r14, %r11; add.u32 %r13, %r13, %r14;
            setp.lt.u32 %p4, %r0, 16; selp.b64 %d9, %d7, %d5, %p4; ld.u32 %r15, [%d9];  // some of each
            mov.u32 %r16, %dynamic_smem_size;

            """ + PtxProgram.Address("%d1", "%y", "%r3", 32) + """
            st.global.v4.u32 [%d1], {%r7, %r8, %r9, %r10}; st.global.v4.u32 [%d1+16], {%r12, %r13, %r15, %r16}; ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(200 * 8);
        card.Launch(PtxProgram.Kernel("u64 y", body, Variables), 1, 200, [y], request => request with { DynamicSharedBytes = 1024 });
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 200).SelectMany(i =>
        {
            var value = 10 * (uint)(i % 4 + 1) + 2;
            return (uint[])[value, (uint)i, (uint)(sbyte)i, (uint)i, value, 1, value, 1024];
        })));
    }

    [Test]
    public void ParametersLieOneBehindAnother()
    {
        var ptx = PtxProgram.Header() + """
            .visible .entry k(.param .align 8 .b8 s[16], .param .u64 y, .param .s16 q, .param .f64 z) {
            .reg .f32 %f<4>; .reg .b32 %r<4>; .reg .b64 %d<4>; .reg .f64 %g<2>; .reg .b16 %h<2>;
            ld.param.f32 %f1, [s]; ld.param.s32 %r1, [s+4]; ld.param.u64 %d1, [s+8]; ld.param.u64 %d2, [y]; ld.param.s16 %r2, [q];
            ld.param.f64 %g1, [z]; cvt.rn.f32.s32 %f2, %r1; cvt.rn.f32.s32 %f3, %r2; add.f32 %f1, %f1, %f2; add.f32 %f1, %f1, %f3;
            cvt.rn.f32.f64 %f2, %g1; add.f32 %f1, %f1, %f2; st.global.f32 [%d2], %f1; st.global.u64 [%d2+8], %d1; ret; }
            """;
        using var card = new Card();
        var y = card.Zeros<float>(4);
        card.Launch(ptx, 1, 1, [(byte[])[.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-7), .. BitConverter.GetBytes(3L)], y, (short)-100, 0.25]);
        Assert.That(y.Read()[0], Is.EqualTo(1.5f - 7 - 100 + 0.25f));
        Assert.That(y.Read<ulong>()[1], Is.EqualTo(3));
    }

    /// <summary>As nvcc writes them.</summary>
    [Test]
    public void PointersHaveAttributesAndLabelsHaveDollars()
    {
        var ptx = PtxProgram.Header() + """
            .visible .entry k(.param .u32 n, .param .u64 .ptr .global .align 4 y) {
            .reg .b64 %rd<2>; .reg .b32 %r<2>; ld.param.u64 %rd1, [y]; ld.param.u32 %r1, [n]; st.global.u32 [%rd1], %r1;
            $L__BB0_1: .pragma "nounroll"; bra.uni $L__BB0_2; $L__BB0_2: ret; }
            """;
        using var card = new Card();
        var y = card.Zeros<int>(1);
        card.Launch(ptx, 1, 1, [41, y]);
        Assert.That(y.Read(), Is.EqualTo([41]));
    }

    [Test]
    public void AVariableMayBeDeclaredBehindItsUse()
    {
        var ptx = PtxProgram.Header() + """
            .visible .entry k(.param .u64 y) { .reg .b64 %d<3>; .reg .b32 %r<2>;
            ld.param.u64 %d1, [y]; ld.global.u32 %r1, [late+4]; st.global.u32 [%d1], %r1; mov.u64 %d2, late; ret; }
            .global .align 4 .b32 late[2] = {1, 77};
            """;
        using var card = new Card();
        var y = card.Zeros<int>(1);
        card.Launch(ptx, 1, 1, [y]);
        Assert.That(y.Read(), Is.EqualTo([77]));
    }

    /// <summary>From one launch to the next, and for the host.</summary>
    [Test]
    public unsafe void AVariableKeepsItsValue()
    {
        var ptx = PtxProgram.Kernel("", ".reg .b32 %r<3>; atom.global.add.u32 %r1, [total], 5; ret;", ".visible .global .align 4 .u32 total = 7;");
        using var card = new Card();
        using var module = new global::VirtualCard.Execution.LoadedModule(global::VirtualCard.Ptx.Module.Parse(ptx), card.Memory);
        for (var i = 0; i < 2; i++)
            module.GetKernel("k").Launch(new() { Grid = 2, Block = 1, Parameters = [] });
        var variable = module.FindVariable("total")!;
        Assert.That(MemoryMarshal.Read<int>(new ReadOnlySpan<byte>(variable.Data, 4)), Is.EqualTo(7 + 4 * 5));
        Assert.That(module.FindVariable("other"), Is.Null);
    }
}
