using GpuOptim.Tests.Optimizers;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Recorded PyTorch runs, repeated on TorchSharp's tensors: equal to the last bit after each step, state included.</summary>
public sealed class RecordedTrajectoryTests : TorchTest
{
    [Test]
    public void EqualsPyTorchBitForBit([ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.OfMoreThanARule))] string trajectory)
    {
        using var repetition = new TensorRepetition();
        new GoldenTrajectory(trajectory).Verify(repetition);
    }
}
