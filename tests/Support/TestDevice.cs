using GpuOptim.Host;

namespace GpuOptim.Tests.Support;

/// <summary>A way to open a device; the conformance suite runs once for each.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="Open">Opens it.</param>
public sealed record TestDevice(string Name, Func<Device> Open)
{
    /// <summary>Every device of this machine, and the CPU once for each vector width that it has.</summary>
    public static IEnumerable<TestDevice> All => SimdDevice.VectorWidths.Select(bits => new TestDevice($"simd{bits}", () => new SimdDevice(vectorBits: bits)));

    public override string ToString() => Name;
}
