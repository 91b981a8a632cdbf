using VirtualCard.Ptx;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>mul and add without a rounding become one fma, where ptxas would make one of them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ContractionTests
{
    private static readonly string _ptx = PtxProgram.Kernel(
        "u64 x, u64 y, u64 z",
        PtxProgram.Thread + PtxProgram.Address("%d1", "%x", "%r3", 16) + """
            ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d1];
            mul.f32 %f5, %f1, %f2; add.f32 %f6, %f5, %f3;
            mul.f32 %f7, %f1, %f2; sub.f32 %f8, %f3, %f7;
            mul.f32 %f9, %f1, %f2; sub.f32 %f10, %f9, %f4;
            mul.rn.f32 %f11, %f1, %f2; add.f32 %f12, %f11, %f3;                         // names its rounding
            mul.f32 %f13, %f1, %f2; add.f32 %f14, %f13, %f3; add.f32 %f15, %f13, %f14;  // is used twice

            """ + PtxProgram.Address("%d2", "%y", "%r3", 16) + "st.global.v4.f32 [%d2], {%f6, %f8, %f10, %f12}; st.global.f32 [%z], %f15; ret;");

    [TestCase(false, 0)]
    [TestCase(true, 3)]
    public void FusesWhereItMay(bool contracts, int fused)
    {
        var x = new RandomNumbers(52).Normals(64 * 4);
        using var card = new Card();
        var y = card.Poisoned<float>(x.Length);
        card.Launch(_ptx, 1, 64, [card.Allocate(x), y, card.Zeros<float>(1)], contracts: contracts);
        float Sum(float a, float b, float c) => contracts ? MathF.FusedMultiplyAdd(a, b, c) : a * b + c;
        Expect.Same(y.Read(), x.Chunk(4).SelectMany(v => (float[])[Sum(v[0], v[1], v[2]), Sum(-v[0], v[1], v[2]), Sum(v[0], v[1], -v[3]), v[0] * v[1] + v[2]]));
        Assert.That(LinkedKernel.Link(Module.Parse(_ptx), "k", contracts).Contracted, Is.EqualTo(fused));
    }
}
