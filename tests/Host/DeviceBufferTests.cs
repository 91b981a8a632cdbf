using GpuOptim.Host;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Host;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class DeviceBufferTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void IsZeroAtFirst([Values(0, 1, 1000, 3_000_000)] int length)
    {
        using var buffer = _device.CreateBuffer<float>(length);
        Assert.That(buffer.Length, Is.EqualTo(length));
        Assert.That(buffer.SizeInBytes, Is.EqualTo(4L * length));
        Assert.That(buffer.ToArray().All(value => BitConverter.SingleToUInt32Bits(value) == 0));
    }

    [Test]
    public void LiesOnACacheLine()
    {
        for (var length = 1; length < 50; length++)
        {
            using var buffer = _device.CreateBuffer<Half>(length);
            Assert.That(buffer.Address % 64, Is.EqualTo((nint)0));
        }
    }

    /// <summary>Much more than a thread copies at once, from the host's memory and within a buffer that the host reaches.</summary>
    [Test]
    public void CopiesMuch([Values] bool isForwards)
    {
        var values = Enumerable.Range(0, 3_000_000).Select(i => (float)i).ToArray();
        using var buffer = _device.CreateBuffer<float>(values);
        Assert.That(buffer.ToArray().AsSpan().SequenceEqual(values));
        if (!_device.IsHostAccessible)
            return;
        var (from, to) = isForwards ? (0, 1000) : (1000, 0);
        buffer.CopyFrom(buffer.Span.Slice(from, values.Length - 1000), to);
        values.AsSpan(from, values.Length - 1000).CopyTo(values.AsSpan(to));
        Assert.That(buffer.ToArray().AsSpan().SequenceEqual(values));
    }

    [Test]
    public void CopiesBothWays()
    {
        float[] values = [1, 2, 3, 4, 5];
        using var buffer = _device.CreateBuffer<float>(values);
        buffer.CopyFrom([20, 30], start: 1);
        var part = new float[3];
        buffer.CopyTo(part, start: 2);
        Assert.That(buffer.ToArray(), Is.EqualTo(new float[] { 1, 20, 30, 4, 5 }));
        Assert.That(part, Is.EqualTo(new float[] { 30, 4, 5 }));
        buffer.Clear();
        Assert.That(buffer.ToArray(), Is.EqualTo(new float[5]));
    }

    [Test]
    public void ASliceSharesTheMemory()
    {
        using var buffer = _device.CreateBuffer<float>([1f, 2f, 3f, 4f]);
        using var slice = buffer.Slice(1, 2);
        slice.CopyFrom([20, 30]);
        Assert.That(buffer.ToArray(), Is.EqualTo(new float[] { 1, 20, 30, 4 }));
        Assert.That(slice.Slice(1, 1).ToArray(), Is.EqualTo(new float[] { 30 }));
        slice.Dispose();
        Assert.That((slice.IsDisposed, buffer.IsDisposed), Is.EqualTo((true, false)));
    }

    [Test]
    public void CopiesBeyondTheEndAreRefused()
    {
        using var buffer = _device.CreateBuffer<float>([1f, 2f, 3f]);
        Assert.That(() => buffer.CopyFrom([1, 2], start: 2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("2 elements from index 2 must lie in a buffer of 3."));
        Assert.That(() => buffer.CopyTo(new float[4]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("4 elements from index 0 must lie in a buffer of 3."));
        Assert.That(() => buffer.CopyTo(new float[1], start: -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("start must be in [0, 3]").And.Message.Contains("Actual value was -1."));
        Assert.That(() => buffer.Slice(1, 3), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => buffer.Slice(1, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(buffer.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
    }

    [Test]
    public void UseAfterDisposeIsRefused()
    {
        var buffer = _device.CreateBuffer<float>(4);
        buffer.Dispose();
        buffer.Dispose();
        Assert.That(() => buffer.Address, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.CopyFrom([1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.CopyTo(new float[1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.Slice(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(buffer.Clear, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void WrongLengthsAndTypesAreRefused()
    {
        Assert.That(() => _device.CreateBuffer<float>(-1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("length must be at least 0.").And.Message.Contains("Actual value was -1."));
        Assert.That(() => _device.CreateBuffer<double>(1), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Actual type was Double."));
        Assert.That(() => _device.CreateBuffer<float>(long.MaxValue), Throws.TypeOf<OverflowException>());
    }
}
