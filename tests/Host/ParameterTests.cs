using GpuOptim.Host;

namespace GpuOptim.Tests.Host;

public sealed class ParameterTests
{
    private readonly SimdDevice _device = new();

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void KnowsItsShape()
    {
        using var matrix = _device.CreateParameter("m", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 });
        using var scalar = _device.CreateParameter("s", []);
        using var empty = _device.CreateParameter<BFloat16>("e", [4, 0]);
        Assert.That(matrix.Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(matrix.Data.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That((matrix.Length, scalar.Length, empty.Length), Is.EqualTo((6, 1, 0)));
        Assert.That((matrix.ElementType, empty.ElementType), Is.EqualTo((ElementType.Float32, ElementType.BFloat16)));
        Assert.That(matrix.ToString(), Is.EqualTo("m [2, 3] Float32"));
        Assert.That(matrix.Device, Is.SameAs(_device));
    }

    [Test]
    public void TheGradientIsZeroUntilWritten()
    {
        using var parameter = _device.CreateParameter("p", [3]);
        Assert.That(parameter.HasGradient);
        Assert.That(parameter.Gradient.ToArray(), Is.EqualTo(new float[3]));
    }

    [Test]
    public void ThreadsThatAskFirstGetTheSameGradient()
    {
        for (var round = 0; round < 200; round++)
        {
            using var parameter = _device.CreateParameter("p", [3]);
            using var start = new Barrier(4);
            var gradients = new DeviceBuffer<float>[4];
            Task.WaitAll([.. Enumerable.Range(0, 4).Select(i => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait();
                gradients[i] = parameter.Gradient;
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
            Assert.That(gradients, Is.All.SameAs(parameter.Gradient));
        }
    }

    [Test]
    public void DisposingGivesBackWhatItOwns()
    {
        using var data = _device.CreateBuffer<float>(2);
        var wrapper = new Parameter<float>("w", [2], data);
        var owner = _device.CreateParameter("p", [2]);
        DeviceBuffer<float> wrapperGradient = wrapper.Gradient, ownerGradient = owner.Gradient;
        wrapper.Dispose();
        owner.Dispose();
        Assert.That((data.IsDisposed, wrapperGradient.IsDisposed, owner.Data.IsDisposed, ownerGradient.IsDisposed), Is.EqualTo((false, true, true, true)));
    }

    [Test]
    public void WrongShapesAreRefused()
    {
        using var five = _device.CreateBuffer<float>(5);
        using var parameter = _device.CreateParameter("p", [3]);
        Assert.That(() => _device.CreateParameter("w", [2, -3]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Every dimension of parameter 'w' must be at least 0.").And.Message.Contains("Actual value was -3."));
        Assert.That(() => _device.CreateParameter("w", [1L << 40, 1L << 40]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Parameter 'w' has more elements than can be addressed."));
        Assert.That(() => _device.CreateParameter("w", [2, 2], new float[3]), Throws.ArgumentException.With.Message.Contains("Parameter 'w' of shape [2, 2] must have 4 initial values. Actual number was 3."));
        Assert.That(() => new Parameter<float>("w", [2, 2], five), Throws.ArgumentException.With.Message.Contains("Parameter 'w' of shape [2, 2] must have 4 elements of data. Actual length was 5."));
        Assert.That(() => new Parameter<float>("w", [5], five, five.Slice(0, 4)), Throws.ArgumentException.With.Message.Contains("The gradient of parameter 'w' must have 5 elements, as its data has. Actual length was 4."));
        Assert.That(() => parameter.Gradient = five, Throws.ArgumentException.With.Message.Contains("The gradient of parameter 'p' must have 3 elements, as its data has. Actual length was 5."));
        Assert.That(() => parameter.Gradient = null!, Throws.ArgumentNullException);
    }

    /// <summary>Whole or in part: a step would read what it has written.</summary>
    [Test]
    public void AGradientInItsOwnDataIsRefused()
    {
        using var device = new SimdDevice();
        using var eight = device.CreateBuffer<float>(8);
        var data = eight.Slice(0, 4);
        Assert.That(() => new Parameter<float>("p", [4], data, data), Throws.ArgumentException.With.Message.Contains("The gradient of parameter 'p' must not share memory with its data."));
        Assert.That(() => new Parameter<float>("p", [4], data, eight.Slice(3, 4)), Throws.ArgumentException.With.Message.Contains("must not share memory"));
        Assert.That(new Parameter<float>("p", [4], data, eight.Slice(4, 4)).Gradient.Length, Is.EqualTo(4));
    }

    [Test]
    public void AGradientOnAnotherDeviceIsRefused()
    {
        using var other = new SimdDevice();
        using var parameter = _device.CreateParameter("p", [3]);
        using var gradient = other.CreateBuffer<float>(3);
        Assert.That(() => parameter.Gradient = gradient, Throws.ArgumentException.With.Message.Contains("The gradient of parameter 'p' must lie on its device, 'simd'."));
    }

    [Test]
    public void ANameIsNeeded([Values(null, "", " ")] string? name) =>
        Assert.That(() => _device.CreateParameter(name!, [1]), Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo("name"));
}
