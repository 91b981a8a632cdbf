namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Device functions, with parameters in registers and in memory.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class FunctionCallTests
{
    private const string Functions = """
        .func (.param .f32 ret) inner(.param .f32 x) {
            .reg .f32 %f<4>;
            ld.param.f32 %f1, [x];
            mul.f32 %f2, %f1, %f1;
            st.param.f32 [ret], %f2;
            ret;
        }
        .func (.param .align 4 .b8 ret[8]) pair(.param .align 4 .b8 p[8], .param .b32 n) {
            .reg .f32 %f<6>; .reg .b32 %r<4>; .reg .pred %p<2>;
            ld.param.f32 %f1, [p]; ld.param.f32 %f2, [p+4]; ld.param.b32 %r1, [n];
            setp.gt.s32 %p1, %r1, 7;
            @%p1 bra BIG;
            st.param.f32 [ret], %f2; st.param.f32 [ret+4], %f1;
            ret;
            BIG:
            { .param .f32 a; st.param.f32 [a], %f1; .param .f32 b; call.uni (b), inner, (a); ld.param.f32 %f3, [b]; }
            st.param.f32 [ret], %f3; st.param.f32 [ret+4], %f2;
            ret;
        }
        .func (.reg .b32 %out) addone(.reg .b32 %in) { add.s32 %out, %in, 1; ret; }
        """;

    private static readonly string _body = PtxProgram.Thread + PtxProgram.Address("%d1", "%y", "%r3", 8) + """
        cvt.rn.f32.u32 %f1, %r0;
        {
        .param .align 4 .b8 cp[8];
        st.param.f32 [cp], %f1; st.param.f32 [cp+4], 0f41200000;
        .param .b32 cn; st.param.b32 [cn], %r0;
        .param .align 4 .b8 cr[8];
        call.uni (cr), pair, (cp, cn);
        ld.param.f32 %f2, [cr]; ld.param.f32 %f3, [cr+4];
        }
        call (%r9), addone, (%r0);
        cvt.rn.f32.u32 %f4, %r9;
        add.f32 %f3, %f3, %f4;
        st.global.v2.f32 [%d1], {%f2, %f3};
        ret;
        """;

    /// <summary>A function that swaps a pair, or for some threads squares its first number with another.</summary>
    [Test]
    public void CallsNestAndDiverge()
    {
        using var card = new Card();
        var y = card.Poisoned<float>(64);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _body, Functions), 1, 32, [y]);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 32).SelectMany(i => i > 7 ? (float[])[i * i, 10 + i + 1] : [10, i + i + 1])));
        Assert.That((statistics.ThreadInstructions["call"], statistics.ThreadInstructions["call.uni"]), Is.EqualTo((32, 32 + 24)));
    }

    [Test]
    public void AnAccessBehindAParameterIsRejected() =>
        Rejected(PtxProgram.Kernel("u64 y", _body, Functions.Replace("[p+4]", "[p+8]", StringComparison.Ordinal)), "line", "p+8");

    [Test]
    public void RecursionIsRejected() => Rejected(PtxProgram.Kernel("u64 y", PtxProgram.Thread + "call f; ret;", ".func f() { call f; ret; }"), "recursive");

    [Test]
    public void AFunctionThatIsNowhereIsRejected()
    {
        const string Call = "{ .param .f32 a; st.param.f32 [a], 0f40000000; .param .f32 b; call (b), host, (a); ld.param.f32 %f1, [b]; } ret;";
        Rejected(PtxProgram.Kernel("u64 y", PtxProgram.Thread + Call, ".extern .func (.param .f32 r) host(.param .f32 x);"), "host");
    }

    private static void Rejected(string ptx, params string[] parts)
    {
        using var card = new Card();
        Expect.Rejection(() => card.Launch(ptx, 1, 32, [0ul]), parts);
    }
}
