using System.Text.RegularExpressions;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Tests.Ptx;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>The PTX that is committed and executed is what the kernels are today, on every architecture.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed partial class PtxTests
{
    private const string HowToUpdate = "'dotnet run -c Release --project benchmarks -- ptx FOLDER' writes what belongs into tests/Ptx/Kernels";

    private SharedCompiler _compiler = null!;

    /// <summary>Of updates each rule, and all types, once; and all other kernels.</summary>
    public static IEnumerable<GpuKernel> Samples => GpuKernel.All.Except(Others);

    /// <summary>Updates by other pairs of these rules and types.</summary>
    public static IEnumerable<GpuKernel> Others
    {
        get
        {
            var updates = GpuKernel.All.Where(kernel => kernel.Method.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(UpdateKernel<,,,,>)).ToArray();
            return updates.Except(updates.DistinctBy(kernel => Types(kernel)[0])).Except(updates.DistinctBy(kernel => string.Join(' ', Types(kernel)[1..])));
        }
    }

    [OneTimeSetUp]
    public void MakeCompiler()
    {
        var (architecture, instructionSet) = GpuKernel.Architectures[1];
        _compiler = new(architecture, instructionSet);
    }

    [OneTimeTearDown]
    public void CloseCompiler() => _compiler.Dispose();

    [Test]
    public void IsUpToDate([ValueSource(nameof(Samples))] GpuKernel kernel)
    {
        var committed = new CommittedKernel(kernel.Name).Text;
        // Which it is committed for; of every eighth or so the later ones, too, whose text must be the same.
        var isSample = kernel.Name.Length % 8 == 0;
        var (first, _) = GpuKernel.Architectures.First(target => target.Architecture >= CudaArchitecture.SM_80 && kernel.RunsOn(target.Architecture));
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures.Where(target => target.Architecture == first || (isSample && target.Architecture > first && kernel.RunsOn(target.Architecture))))
        {
            Assert.That(
                Header().Replace(kernel.Compile(architecture, instructionSet), ""),
                Is.EqualTo(Header().Replace(committed, "")),
                $"on {architecture}; {HowToUpdate}");
        }
    }

    /// <summary>The rest is of the same rules and types: a compiler that knows the others' functions orders instructions otherwise, but has the same, in a fifth of the time.</summary>
    [Test]
    public void HasTheSameInstructions([ValueSource(nameof(Others))] GpuKernel kernel) =>
        Assert.That(Instructions(_compiler.Compile(kernel)), Is.EqualTo(Instructions(new CommittedKernel(kernel.Name).Text)), HowToUpdate);

    /// <summary>What is not committed, because it is the same with a multiplication or two before it.</summary>
    [Test]
    public void VariantsAreSound([ValueSource(typeof(GpuKernel), nameof(GpuKernel.Variants))] GpuKernel kernel) => CommittedKernelTests.AssertSound(_compiler.Compile(kernel));

    /// <summary>Cards before sm_80 round to bfloat16 by integer arithmetic; that is executed as the others' PTX is.</summary>
    [Test]
    public void OlderCardsGiveTheSameBits()
    {
        var (architecture, instructionSet) = GpuKernel.Architectures[0];
        Assert.That(architecture, Is.LessThan(CudaArchitecture.SM_80));
        using var compiler = new SharedCompiler(architecture, instructionSet);
        foreach (var kernel in Samples.Where(kernel => kernel.Minimum is null && kernel.Name.Contains("BFloat16", StringComparison.Ordinal)))
            CommittedKernelTests.AssertSound(compiler.Compile(kernel));

        var adam = GpuKernel.All.Single(kernel => kernel.Name == "AdamRule.BFloat16.BFloat16.BFloat16");
        UpdateKernelTests.AdamGivesTheBitsOfSimd(adam.Compile(architecture, instructionSet));
    }

    /// <summary>Several devices on one engine's context.</summary>
    [Test]
    public void AContextMayBeTaughtTwice()
    {
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        PtxCompiler.Register(context);
        PtxCompiler.Register(context);
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(GpuKernel.All.Single(kernel => kernel.Name == "SgdRule.Float32.Float32.Float32").Method), default);
        Assert.That(compiled.PTXAssembly, Does.Contain("fma.rn.f32").And.Not.Contain("call"));
    }

    [Test]
    public void NothingElseIsCommitted() =>
        Assert.That(CommittedKernel.All.Select(kernel => kernel.Name), Is.EquivalentTo(GpuKernel.All.Select(kernel => kernel.Name)));

    private static string[] Types(GpuKernel update) => [.. update.Method.DeclaringType!.GenericTypeArguments.Select(type => $"{type}")];

    /// <summary>The names of a kernel's instructions, sorted.</summary>
    private static string[] Instructions(string ptx) => [.. Instruction().Matches(ptx).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\s+(?:@\S+\s+)?([a-z]\S+)", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^\.(version|target) .*$", RegexOptions.Multiline)]
    private static partial Regex Header();
}
