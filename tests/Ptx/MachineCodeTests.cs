using System.Globalization;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Kernels.Ilgpu.Matrix.Small;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Tests.Ptx;

/// <summary>What CUDA's assembler makes of the kernels, where it is found: <c>GPUOPTIM_PTXAS</c>, or <c>ptxas</c> on the path.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class MachineCodeTests
{
    /// <summary>Every kernel for an A100 and an H100.</summary>
    [TestCaseSource(nameof(Kernels))]
    public void Assembles(CommittedKernel kernel, int architecture) => AssertSound(kernel, architecture);

    /// <summary>Some for each of the others, as far as the assembler knows them.</summary>
    [Test]
    public void AssemblesForOtherCards(
        [Values("AdamRule.Float32.Float32.Float32", "AdamRule.BFloat16.BFloat16.BFloat16", "Normalize.BFloat16", "MultiplyAdd.Float32", "MultiplyAdd.TensorCore", "Orthogonalize.128x128")] string kernel,
        [Values(86, 89, 100, 120)] int architecture) => AssertSound(new(kernel), architecture);

    /// <summary>The main loop of a product on tensor cores: 64 products of a warp, and little else. Two groups fit a multiprocessor.</summary>
    [Test]
    public void TensorCoresAreKeptBusy([Values("SymmetricProduct.{0}.Wide", "SymmetricProduct.{0}.Tall", "MultiplyAdd.{0}")] string kernel, [Values("TensorCore", "TensorCoreFloat16")] string variant, [Values(80, 90)] int architecture)
    {
        var code = Assemble(new(string.Format(CultureInfo.InvariantCulture, kernel, variant)), architecture);
        if (code.Loops is null)
            Assert.Ignore("There is no nvdisasm beside ptxas.");
        var loops = code.Loops.Where(loop => loop.Products > 0).ToArray();
        Assert.That(loops.Select(loop => loop.Products), Is.EqualTo([64]));
        Assert.That(loops[0].Instructions, Is.LessThanOrEqualTo(140));
        Assert.That((loops[0].Branches, loops[0].GlobalLoads, loops[0].Divisions), Is.EqualTo((1, 0, 0)));
        Assert.That(code.WarpsAMultiprocessor(architecture, groupSize: 128, sharedBytes: 80 << 10), Is.EqualTo(8));
    }

    /// <summary>
    /// The loops of a step on small matrices, for wide and tall ones: 32 inner indices of X Xᵀ, of its square and of the product with X. A result's 64 x 64 elements are 16
    /// products of a warp, and of four such a symmetric one computes three.
    /// </summary>
    [TestCase("64x64", new[] { 16, 16, 16, 16, 16 }, 2.6, 20)]
    [TestCase("64x128", new[] { 16, 16, 32 }, 2.4, 12)]
    [TestCase("128x64", new[] { 16, 16, 32 }, 2.4, 12)]
    [TestCase("128x128", new[] { 48, 48, 48, 64, 64 }, 1.9, 4)]
    public void SmallMatricesKeepTensorCoresBusy(string shape, int[] products, double instructions, int warps)
    {
        foreach (var architecture in (int[])[80, 90])
        {
            var code = Assemble(new($"Orthogonalize.{shape}"), architecture);
            if (code.Loops is null)
                Assert.Ignore("There is no nvdisasm beside ptxas.");
            var loops = code.Loops.Where(loop => loop.Products > 0).OrderBy(loop => loop.Products).ToArray()[..^1];
            Assert.That(loops.Select(loop => loop.Products), Is.EqualTo(products));
            Assert.That(loops.Select(loop => (double)loop.Instructions / loop.Products), Is.All.LessThanOrEqualTo(instructions));
            Assert.That(loops.Select(loop => (loop.Branches, loop.GlobalLoads, loop.Divisions)), Is.All.EqualTo((1, 0, 0)));
            var bytes = 3 * 2 * shape.Split('x').Select(int.Parse).Aggregate((rows, columns) => rows * columns) + SmallMatrices.Alignment + NormOrder.Strands * sizeof(double);
            Assert.That(code.WarpsAMultiprocessor(architecture, SmallMatrices.GroupSize, bytes), Is.GreaterThanOrEqualTo(warps));
        }
    }

    /// <summary>The main loop of a product by warpgroups: four products of 64 x 256 x 16, twelve copies of 16 bytes, one wait of all for all.</summary>
    [Test]
    public void WarpgroupsAreKeptBusy([Values("SymmetricProduct.Warpgroup.Wide", "SymmetricProduct.Warpgroup.Tall", "MultiplyAdd.Warpgroup")] string kernel)
    {
        var code = Assemble(new(kernel), 90);
        if (code.Loops is null)
            Assert.Ignore("There is no nvdisasm beside ptxas.");
        var loop = code.Loops.Single(loop => loop.WarpgroupProducts > 0);
        Assert.That(loop.WarpgroupProducts, Is.EqualTo(4));
        Assert.That(loop.Instructions, Is.LessThanOrEqualTo(135));
        // One that is passed over where no tile is left to fetch, and the one back.
        Assert.That((loop.Branches, loop.GlobalLoads, loop.Divisions), Is.EqualTo((2, 0, 0)));
        Assert.That(code.WarpsAMultiprocessor(90, WarpgroupProduct.GroupSize, WarpgroupProduct.SharedBytes), Is.EqualTo(8));
    }

    /// <summary>What a main loop costs is what <c>InstructionBudgets.tsv</c> says, give or take a twentieth: more is a loss, less belongs there.</summary>
    [TestCaseSource(nameof(KnownBudgets))]
    public void IssuesTheInstructionsOfItsBudget(Budget budget, int architecture)
    {
        var kernel = GpuKernel.All.Single(kernel => kernel.Name == budget.Kernel);
        var code = Assemble(new(budget.Kernel), architecture);
        if (code.Loops is null)
            Assert.Ignore("There is no nvdisasm beside ptxas.");
        var count = InstructionCount.Of(kernel, code);
        var expected = architecture == 80 ? budget.Sm80 : budget.Sm90;
        Assert.That(count, Is.Not.Null);
        Assert.That(count.Unit, Is.EqualTo(budget.Unit));
        if (count.Unit == "element")
            Assert.That(code.WarpsAMultiprocessor(architecture, groupSize: 256, sharedBytes: 2048), Is.GreaterThanOrEqualTo(24));
        Assert.That(count.Instructions, Is.EqualTo(expected).Within(5).Percent);
    }

    /// <summary>
    /// But those that no step waits for: what is run by one group, or by one for each tensor, the exchange of averages and parameters, what is done once to a square matrix
    /// between products; and sums of columns, which wait for memory.
    /// </summary>
    [Test]
    public void EveryKernelHasABudget() => Assert.That(
        Budgets.Select(budget => budget.Kernel),
        Is.EquivalentTo(GpuKernel.All.Select(kernel => kernel.Name).Where(name => name != "CompleteStep" && !name.EndsWith(".Scale", StringComparison.Ordinal) && !name.StartsWith("SwapRule.", StringComparison.Ordinal) && !name.StartsWith("TensorRules.", StringComparison.Ordinal) && name is not ("AddIdentity.Float32" or "AddIdentity.Float16" or "Deviation.Float32" or "Deviation.Float16" or "FactoredBands.Float32" or "FactoredColumns.Float32"))));

    /// <summary>All kernels with the architectures that run them; one where there is no assembler, to say so once.</summary>
    private static IEnumerable<TestCaseData> Kernels => (MachineCode.IsAvailable ? CommittedKernel.All : CommittedKernel.All.Take(1))
        .SelectMany(kernel => (kernel.IsHoppersOwn ? (int[])[90] : [80, 90]).Select(architecture => new TestCaseData(kernel, architecture)));

    private static IEnumerable<TestCaseData> KnownBudgets => (MachineCode.IsAvailable ? Budgets : Budgets.Take(1))
        .SelectMany(budget => (double.IsNaN(budget.Sm80) ? (int[])[90] : [80, 90]).Select(architecture => new TestCaseData(budget, architecture)));

    private static IEnumerable<Budget> Budgets => File
        .ReadLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Ptx", "InstructionBudgets.tsv"))
        .Skip(1)
        .Select(line => line.Split('\t'))
        .Select(cells => new Budget(cells[0], cells[1], cells[2].Length == 0 ? double.NaN : double.Parse(cells[2], CultureInfo.InvariantCulture), double.Parse(cells[3], CultureInfo.InvariantCulture)));

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

    /// <summary>Instructions that a warp issues for a unit of work; not a number where sm_80 cannot run it.</summary>
    public sealed record Budget(string Kernel, string Unit, double Sm80, double Sm90)
    {
        public override string ToString() => Kernel;
    }
}
