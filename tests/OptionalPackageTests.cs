using GpuOptim.Tests.Support;

namespace GpuOptim.Tests;

/// <summary>Says in the test run's own words what could not be tested because a package could not be restored.</summary>
public sealed class OptionalPackageTests
{
    [Test]
    public void IlgpuWasRestored() => RequireTests("GpuOptim.Tests.Ilgpu.PtxTests", "Ilgpu", "ILGPU", "the check that the committed PTX is up to date");

    [Test]
    public void TorchSharpWasRestored() => RequireTests("GpuOptim.Tests.TorchSharp.LiveOracleTests", "TorchSharp", "TorchSharp-cpu", "the comparison with a live libtorch");

    private static void RequireTests(string type, string property, string package, string what)
    {
        var tests = typeof(OptionalPackageTests).Assembly.GetType(type);
        if (tests is null && !OptionalPackage.IsRequired(property))
            Assert.Ignore($"{package} could not be restored or was switched off: {what} is left out.");
        Assert.That(tests, Is.Not.Null);
        Assert.That(tests!.GetMethods().Count(method => method.IsDefined(typeof(TestAttribute), inherit: false)), Is.Positive);
    }
}
