using GpuOptim.Host;
using GpuOptim.Tests.Ilgpu;
using GpuOptim.Tests.VirtualCard;
using NUnit.Framework.Internal;

namespace GpuOptim.Tests.Support;

/// <summary>A way to open a device; the conformance suite runs once for each.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="Open">Opens it.</param>
public sealed record TestDevice(string Name, Func<Device> Open)
{
    private const string VirtualName = "cuda (virtual)";

    /// <summary>Every device of this machine: the CPU with each vector width that it has, alone and with several threads.</summary>
    public static IEnumerable<TestDevice> All =>
    [
        .. SimdDevice.VectorWidths.Select(bits => new TestDevice($"simd{bits}", () => new SimdDevice(threads: 3, bits))),
        new("simd, one thread", () => new SimdDevice(threads: 1)),
        .. Device.All.Where(info => info.Name != "simd" && !info.Name.Contains(':')).Select(info => new TestDevice(info.Name == "cuda" && VirtualCardLibrary.IsUsed ? VirtualName : info.Name, () => SharedAccelerator.Open(info.Name))),
    ];

    /// <summary>The same, for fixtures, which run beside each other: what runs on a card has the category that a card's machine runs.</summary>
    public static IEnumerable<TestFixtureData> Fixtures => All.Select(device =>
    {
        var data = new TestFixtureData(device);
        if (device.Name is "cuda" or VirtualName)
            data.Properties.Add(PropertyNames.Category, "Card");
        data.Properties.Set(PropertyNames.ParallelScope, ParallelScope.Self);
        return data;
    });

    public override string ToString() => Name;
}
