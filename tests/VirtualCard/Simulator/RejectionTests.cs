using VirtualCard.Execution;
using VirtualCard.Ptx;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>What the assembler would not take, and launches that the driver would not make.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RejectionTests
{
    [TestCase(".reg .b32 %r<4>;\nfrobnicate.b32 %r1, %r2;\nret;", "frobnicate.b32 %r1", "line")]
    [TestCase(".shared .align 16 .b8 s[50000]; ret;", "static shared memory")]
    [TestCase("mov.u32 %r1, 0; ret;", "undeclared")]
    [TestCase(".reg .f32 acc<4>; .reg .f32 acc<4>; ret;", "duplicate")]
    [TestCase("bra NOWHERE; ret;", "undefined name")]
    public void AKernelIsRejected(string body, params string[] parts)
    {
        using var card = new Card();
        Expect.Rejection(() => card.Launch(PtxProgram.Kernel("", body), 1, 32, []), parts);
    }

    [Test]
    public void ThereIsNoSuchKernel()
    {
        using var card = new Card();
        using var module = new LoadedModule(Module.Parse(PtxProgram.Kernel("", "ret;")), card.Memory);
        Assert.That(() => module.GetKernel("other"), Throws.TypeOf<KeyNotFoundException>());
        Assert.That(module.GetKernel("k").Name, Is.EqualTo("k"));
    }

    [Test]
    public void AKernelSaysWhatItTakes()
    {
        using var card = new Card();
        using var module = new LoadedModule(Module.Parse(PtxProgram.Kernel("u32 n, u64 a, u16 h, map m", ".shared .b8 s[100]; .local .b8 l[16]; ret;")), card.Memory);
        var kernel = module.GetKernel("k");
        Assert.That(kernel.Parameters, Is.EqualTo([new KernelParameter("p_n", 0, 4), new("p_a", 8, 8), new("p_h", 16, 2), new("p_m", 64, 128)]));
        Assert.That((kernel.ParameterBytes, kernel.MaxThreads), Is.EqualTo((192, 1024)));
        Assert.That((kernel.StaticSharedBytes, kernel.LocalBytes), Is.EqualTo((100, 16)));
    }

    [TestCase(0, 1, 8, 0)]
    [TestCase(1, 0, 8, 0)]
    [TestCase(1, 1025, 8, 0)]
    [TestCase(1, 32, 4, 0)]
    [TestCase(1, 32, 16, 0)]
    [TestCase(1, 32, 8, 228 << 10)]
    [TestCase(1, 32, 8, -1)]
    public void ALaunchOfAnotherSizeIsRejected(int grid, int block, int parameterBytes, int sharedBytes)
    {
        using var card = new Card();
        using var module = new LoadedModule(Module.Parse(PtxProgram.Kernel("u64 a", "ret;")), card.Memory);
        LaunchRequest request = new() { Grid = grid, Block = block, Parameters = new byte[parameterBytes], DynamicSharedBytes = sharedBytes };
        Assert.That(() => module.GetKernel("k").Launch(request), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void ABlockLargerThanTheKernelSaysIsRejected()
    {
        var ptx = PtxProgram.Kernel("", "ret;").Replace("k()", "k() .maxntid 64", StringComparison.Ordinal);
        using var card = new Card();
        Assert.That(() => card.Launch(ptx, 1, 64, []), Throws.Nothing);
        Assert.That(() => card.Launch(ptx, 1, 96, []), Throws.InstanceOf<ArgumentException>().With.Message.Contains("maxntid"));
    }
}
