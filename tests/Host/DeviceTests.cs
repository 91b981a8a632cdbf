using GpuOptim.Host;

namespace GpuOptim.Tests.Host;

[NonParallelizable]
public sealed class DeviceTests
{
    private const string Variable = "GPUOPTIM_DEVICE";

    private string? _variable;

    [SetUp]
    public void RememberVariable()
    {
        _variable = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
    }

    [TearDown]
    public void RestoreVariable() => Environment.SetEnvironmentVariable(Variable, _variable);

    [Test]
    public void EveryListedDeviceOpensByItsName()
    {
        Assert.That(Device.All, Is.Not.Empty);
        Assert.That(Device.All.Select(info => info.Name), Does.Contain("simd").And.Unique);
        foreach (var info in Device.All)
        {
            using var device = Device.Open(info.Name.ToUpperInvariant());
            Assert.That(device.Name, Is.EqualTo(info.Name));
            Assert.That(device.Description, Is.EqualTo(info.Description));
        }
    }

    [Test]
    public void OpenTakesTheBest()
    {
        using var device = Device.Open();
        Assert.That(device.Name, Is.EqualTo(Device.All[0].Name));
    }

    [Test]
    public void TheVariableChooses()
    {
        Environment.SetEnvironmentVariable(Variable, "simd");
        using var device = Device.Open();
        Assert.That(device, Is.InstanceOf<SimdDevice>());
    }

    [Test]
    public void AnUnknownNameIsAnErrorThatListsTheNames()
    {
        Assert.That(() => Device.Open("abacus"), Throws.ArgumentException.With.Message.Contains("name must be a device of this machine").And.Message.Contains("simd").And.Message.Contains("'abacus'"));
        Environment.SetEnvironmentVariable(Variable, "abacus");
        Assert.That(() => Device.Open(), Throws.ArgumentException.With.Message.Contains("GPUOPTIM_DEVICE must be a device of this machine").And.Message.Contains("'abacus'"));
    }

    [Test]
    public void SimdTakesThreadsAndWidth()
    {
        foreach (var bits in SimdDevice.VectorWidths)
        {
            using var device = new SimdDevice(threads: 3, vectorBits: bits);
            Assert.That((device.Threads, device.VectorBits), Is.EqualTo((3, bits)));
            Assert.That(device.Description, Is.EqualTo($"CPU, {bits}-bit vectors, 3 threads"));
        }
        Assert.That(SimdDevice.VectorWidths, Is.Ordered.Descending.And.Contains(32));
    }

    [Test]
    public void SimdRefusesWhatIsNotThere()
    {
        Assert.That(() => new SimdDevice(threads: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("threads must be at least 1.").And.Message.Contains("Actual value was 0."));
        Assert.That(() => new SimdDevice(vectorBits: 96), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("vectorBits must be one of").And.Message.Contains("Actual value was 96."));
    }

    [Test]
    public void DisposingTheDeviceDisposesItsBuffers()
    {
        var device = new SimdDevice();
        var buffer = device.CreateBuffer<float>(8);
        var slice = buffer.Slice(2, 3);
        var parameter = device.CreateParameter("p", [4]);
        var gradient = parameter.Gradient;
        device.Dispose();
        device.Dispose();
        Assert.That(device.IsDisposed);
        Assert.That(new DeviceBuffer[] { buffer, slice, parameter.Data, gradient }.All(each => each.IsDisposed));
        Assert.That(() => device.CreateBuffer<float>(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => device.CreateParameter("q", [1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => device.Wrap(new float[1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(device.Synchronize, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ABatchOfNothingKnownIsRefused()
    {
        using var device = new SimdDevice();
        Assert.That(() => device.Update<GpuOptim.Kernels.Rules.SgdRule>([], null!), Throws.ArgumentException.With.Message.Contains("batch must have been made by device 'simd'"));
        Assert.That(() => device.CreateUpdateBatch(ElementType.UInt8, ElementType.Float32, []), Throws.ArgumentException.With.Message.Contains("elementType must be Float32, BFloat16 or Float16. Actual value was UInt8."));
        Assert.That(() => device.CreateUpdateBatch(ElementType.Float32, ElementType.UInt16, []), Throws.ArgumentException.With.Message.Contains("stateType must be Float32, BFloat16 or Float16. Actual value was UInt16."));
    }
}
