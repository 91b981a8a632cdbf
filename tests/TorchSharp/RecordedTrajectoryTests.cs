using GpuOptim.Tests.Optimizers;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Every recorded PyTorch run, repeated on TorchSharp's tensors: equal to the last bit after each step, state included.</summary>
public sealed class RecordedTrajectoryTests : TorchTest
{
    [Test]
    public void EqualsPyTorchBitForBit([ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.Names))] string trajectory)
    {
        using var repetition = new TensorRepetition();
        new GoldenTrajectory(trajectory).Verify(repetition);
    }
}
