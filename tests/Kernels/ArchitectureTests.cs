using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using GpuOptim.Host;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace GpuOptim.Tests.Kernels;

/// <summary>Dependencies run Optimizers, Host, Kernels, and never back.</summary>
public sealed class ArchitectureTests
{
    private static readonly Architecture _architecture = new ArchLoader().LoadAssembly(typeof(Device).Assembly).Build();

    [TestCase("GpuOptim.Kernels", "GpuOptim.Host")]
    [TestCase("GpuOptim.Kernels", "GpuOptim.Optimizers")]
    [TestCase("GpuOptim.Host", "GpuOptim.Optimizers")]
    public void LowerLayersDoNotKnowHigherOnes(string lower, string higher)
    {
        var rule = Types().That().ResideInNamespaceMatching($"^{lower}(\\.|$)").Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching($"^{higher}(\\.|$)"));
        Assert.That(rule.Evaluate(_architecture).Where(result => !result.Passed).Select(result => result.Description), Is.Empty);
    }

    [TestCase("GpuOptim.Host", "GpuOptim.Kernels")]
    [TestCase("GpuOptim.Optimizers", "GpuOptim.Host")]
    public void HigherLayersUseLowerOnes(string higher, string lower)
    {
        var rule = Types().That().ResideInNamespaceMatching($"^{higher}(\\.|$)").Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching($"^{lower}(\\.|$)"));
        Assert.That(rule.HasNoViolations(_architecture), Is.False, "the rule above would see nothing");
    }
}
