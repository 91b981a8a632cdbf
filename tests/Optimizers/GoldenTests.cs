using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Every recorded PyTorch run, repeated on every device: equal to the last bit after each step, state included.</summary>
public sealed class GoldenTests
{
    [Test]
    public void EqualsPyTorchBitForBit(
        [ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice testDevice,
        [ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.Names))] string trajectory)
    {
        using var device = testDevice.Open();
        new GoldenTrajectory(trajectory).Verify(device);
    }
}
