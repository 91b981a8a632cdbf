using System.Text.RegularExpressions;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Tests.Ptx;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using Instructions = GpuOptim.Kernels.Ilgpu.Ptx;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>The PTX that is committed and executed is what the kernels are today, on every architecture.</summary>
internal sealed partial class PtxTests
{
    [Test]
    public void IsUpToDate([ValueSource(typeof(GpuKernel), nameof(GpuKernel.All))] GpuKernel kernel)
    {
        var committed = new CommittedKernel(kernel.Name).Text;
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures)
        {
            Assert.That(
                Header().Replace(kernel.Compile(architecture, instructionSet), ""),
                Is.EqualTo(Header().Replace(committed, "")),
                $"on {architecture}; 'dotnet run -c Release --project benchmarks -- ptx FOLDER' writes what belongs into tests/Ptx/Kernels");
        }
    }

    /// <summary>Several devices on one engine's context.</summary>
    [Test]
    public void AContextMayBeTaughtTwice()
    {
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        Instructions.Register(context);
        Instructions.Register(context);
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(GpuKernel.All.First().Method), default);
        Assert.That(compiled.PTXAssembly, Does.Contain("fma.rn.f32").And.Not.Contain("call"));
    }

    [Test]
    public void NothingElseIsCommitted() =>
        Assert.That(CommittedKernel.All.Select(kernel => kernel.Name), Is.EquivalentTo(GpuKernel.All.Select(kernel => kernel.Name)));

    [GeneratedRegex(@"^\.(version|target) .*$", RegexOptions.Multiline)]
    private static partial Regex Header();
}
