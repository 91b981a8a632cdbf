using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Every recorded PyTorch run, repeated on every device: equal to the last bit after each step, state included.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class GoldenTests(TestDevice testDevice)
{
    [Test]
    public void EqualsPyTorchBitForBit([ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.Names))] string trajectory)
    {
        using var device = testDevice.Open();
        using var repetition = new DeviceRepetition(device);
        new GoldenTrajectory(trajectory).Verify(repetition);
    }
}
