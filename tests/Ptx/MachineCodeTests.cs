using GpuOptim.Benchmarks.Ilgpu;

namespace GpuOptim.Tests.Ptx;

/// <summary>What CUDA's assembler makes of the kernels, where it is found: <c>GPUOPTIM_PTXAS</c>, or <c>ptxas</c> on the path.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class MachineCodeTests
{
    /// <summary>Every kernel for an A100 and an H100.</summary>
    [Test]
    public void Assembles([ValueSource(typeof(CommittedKernel), nameof(CommittedKernel.All))] CommittedKernel kernel, [Values(80, 90)] int architecture) => AssertSound(kernel, architecture);

    /// <summary>Some for each of the others, as far as the assembler knows them.</summary>
    [Test]
    public void AssemblesForOtherCards(
        [Values("AdamRule.Float32.Float32.Float32", "AdamRule.BFloat16.BFloat16.BFloat16", "Normalize.BFloat16", "MultiplyAdd.Float32", "MultiplyAdd.TensorCore")] string kernel,
        [Values(86, 89, 100, 120)] int architecture) => AssertSound(new(kernel), architecture);

    /// <summary>The main loop of a product on tensor cores: 64 products of a warp, and little else. Two groups fit a multiprocessor.</summary>
    [Test]
    public void TensorCoresAreKeptBusy([Values("SymmetricProduct.TensorCore.Wide", "SymmetricProduct.TensorCore.Tall", "MultiplyAdd.TensorCore")] string kernel, [Values(80, 90)] int architecture)
    {
        var code = Assemble(new(kernel), architecture);
        if (code.Loops is null)
            Assert.Ignore("There is no nvdisasm beside ptxas.");
        Assert.That(code.Loops.Select(loop => loop.Products), Is.EqualTo([64]));
        Assert.That(code.Loops[0].Instructions, Is.LessThanOrEqualTo(140));
        Assert.That(code.WarpsAMultiprocessor(architecture, groupSize: 128, sharedBytes: 80 << 10), Is.EqualTo(8));
    }

    private static void AssertSound(CommittedKernel kernel, int architecture)
    {
        var code = Assemble(kernel, architecture);
        Assert.That((code.StackBytes, code.SpillBytes, code.Warnings), Is.EqualTo((0, 0, "")));
        Assert.That(code.Registers, Is.InRange(1, 255));
    }

    private static MachineCode Assemble(CommittedKernel kernel, int architecture)
    {
        if (!MachineCode.IsAvailable)
            Assert.Ignore("There is no ptxas: kernels are not assembled.");
        var code = MachineCode.Of(kernel.Text, architecture);
        if (code is null)
            Assert.Ignore($"This ptxas does not know sm_{architecture}.");
        return code;
    }
}
