using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>Sharded steps on every device: norms and skipped steps, which a card decides by itself, and the copies between buckets and tensors.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class ShardedDeviceTests(TestDevice testDevice)
{
    [Test]
    public void EqualsPyTorchBitForBit([Values("adamw", "adamw.missing_grad", "sgd_nesterov.bf16", "muon.tall", "muon_bf16.wide")] string trajectory) => ThreadCommunicator.Run(
        2,
        communicator =>
        {
            using var repetition = new ShardedRepetition(communicator, new() { BucketBytes = 20_000, UpdatesAtomically = false });
            new GoldenTrajectory(trajectory).Verify(repetition);
            return 0;
        },
        testDevice.Open);

    [Test]
    public void ScaledStepsAreThoseOfOneProcess([Values] bool isClipped)
    {
        var clipping = isClipped ? GradientClipping.ByNorm(0.7) : null;
        using var single = new SimdDevice(threads: 1);
        var expected = ScaledRun.Train(single, parameters => new AdamW(parameters), clipping);
        // The mean of equal gradients of two ranks is what each has.
        var actual = ThreadCommunicator.Run(
            2,
            communicator => ScaledRun.Train(communicator.Device, parameters => new ShardedOptimizer(communicator, new AdamWOptions(), parameters, new() { Reduction = GradientReduction.Mean, BucketBytes = 8_000 }), clipping),
            testDevice.Open);
        foreach (var each in actual)
            Assert.That(each, Is.EqualTo(expected));
    }
}
