using System.Text.RegularExpressions;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Tests.Ptx;

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

    [Test]
    public void NothingElseIsCommitted() =>
        Assert.That(CommittedKernel.All.Select(kernel => kernel.Name), Is.EquivalentTo(GpuKernel.All.Select(kernel => kernel.Name)));

    [GeneratedRegex(@"^\.(version|target) .*$", RegexOptions.Multiline)]
    private static partial Regex Header();
}
