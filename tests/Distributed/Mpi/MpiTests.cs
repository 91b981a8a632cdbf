namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Ranks that an mpirun starts on this machine.</summary>
[NonParallelizable]
public sealed class MpiTests
{
    /// <summary>Every operation and type, on the host's memory and on a device's, whole and in pieces, many at once; wrong arguments; parts.</summary>
    [Test]
    public void EveryOperationIsRight([ValueSource(typeof(MpiRun), nameof(MpiRun.Implementations))] string implementation, [Values(1, 2, 3, 4)] int ranks)
    {
        var run = MpiRun.Start(implementation, ranks, "checks", seconds: 60);
        TestContext.Out.WriteLine($"{run.Seconds:0.0} s");
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        for (var rank = 0; rank < ranks; rank++)
        {
            Assert.That(run.Output, Does.Contain($"rank {rank} is done"));
            Assert.That(run.Output, Does.Contain($"rank {rank} of {ranks}, local rank {rank}, {(implementation == "openmpi" ? "Open MPI" : "MPICH")}"));
        }
    }
}
