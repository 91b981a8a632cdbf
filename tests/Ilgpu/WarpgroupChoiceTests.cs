using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Tests.Support;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>When products are warpgroups'.</summary>
[NonParallelizable]
public sealed class WarpgroupChoiceTests
{
    [TestCase(null, false)]
    [TestCase("0", false)]
    [TestCase("1", true)]
    public void AVariableChooses(string? value, bool isChosen)
    {
        using var variable = new EnvironmentVariable(WarpgroupProduct.Variable, value);
        Assert.That(WarpgroupProduct.IsChosen, Is.EqualTo(isChosen));
    }

    [Test]
    public void AnotherValueIsAnError()
    {
        using var variable = new EnvironmentVariable(WarpgroupProduct.Variable, "yes");
        Assert.That(() => WarpgroupProduct.IsChosen, Throws.ArgumentException.With.Message.EqualTo("GPUOPTIM_WGMMA must be 0 or 1. Actual value was 'yes'."));
    }

    /// <summary>Instructions of sm_90a are no later card's.</summary>
    [Test]
    public void OnlyHopperHasThem() => Assert.That(
        new CudaArchitecture[] { CudaArchitecture.SM_80, CudaArchitecture.SM_89, CudaArchitecture.SM_90, new(10, 0), new(12, 0) }.Select(WarpgroupProduct.RunsOn),
        Is.EqualTo([false, false, true, false, false]));
}
