using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Ranks that an mpirun starts on this machine.</summary>
[NonParallelizable, TestFixtureSource(typeof(MpiRun), nameof(MpiRun.Implementations))]
public sealed class MpiTests(string implementation)
{
    private const string GoesOn = "the program goes on";

    private string Name => implementation == "openmpi" ? "Open MPI" : "MPICH";

    /// <summary>Every operation and type, on the host's memory and on a device's, whole and in pieces, many at once; wrong arguments; parts; bytes.</summary>
    [Test]
    public void EveryOperationIsRight([Values(1, 2, 3, 4)] int ranks)
    {
        var run = Start(ranks, "checks", 60);
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        for (var rank = 0; rank < ranks; rank++)
        {
            Assert.That(run.Output, Does.Contain($"rank {rank} is done"));
            Assert.That(run.Output, Does.Contain($"rank {rank} of {ranks}, local rank {rank}, {Name}"));
        }
    }

    /// <summary>Without a launcher the process is a rank alone.</summary>
    [Test]
    public void OneRankNeedsNoLauncher()
    {
        MpiRun.Launcher(implementation);
        var run = MpiRun.Alone("checks", 30, ("GPUOPTIM_MPI", Library(implementation)));
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(run.Output, Does.Contain($"rank 0 of 1, local rank 0, {Name}"));
    }

    /// <summary>The launcher ends the others; nobody waits until the time limit, of 20 seconds.</summary>
    [TestCase("killed", "")]
    [TestCase("throws", "this rank has had enough")]
    public void ARankThatDiesEndsTheOthers(string role, string message)
    {
        var run = Start(3, role, 15);
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        Assert.That(run.Output, Does.Contain(message).And.Not.Contain(GoesOn));
    }

    /// <summary>The others say which operation did not end. All that they then ask fails at once; when they end, so does the one that hangs.</summary>
    [Test]
    public void ARankThatHangsEndsAll([Values] bool swallowsFailure)
    {
        var run = Start(3, swallowsFailure ? "swallows" : "hangs", 15);
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        var caught = Regex.Match(run.Output, @"caught: Rank [01] of 3: all-gather number 2 \(120 bytes\) did not end within ([0-9.]+) s\. Another rank is gone");
        Assert.That(caught.Success, Is.True, run.Output);
        Assert.That(double.Parse(caught.Groups[1].Value, CultureInfo.InvariantCulture), Is.InRange(1.5, 5));
        // That MPI ends the others is said, too, but a launcher may lose what was said last.
        Assert.That(run.Output, Does.Not.Contain("did not fail"));
        if (swallowsFailure)
            Assert.That(run.Output, Does.Contain(GoesOn));
    }

    [Test]
    public void ARankThatIsLateIsAwaited()
    {
        var run = Start(3, "late", 15);
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(Regex.Count(run.Output, GoesOn), Is.EqualTo(3), run.Output);
    }

    [Test]
    public void ARankThatNeverComesIsMissed()
    {
        var run = Start(3, "absent", 15);
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        Assert.That(run.Output, Does.Contain("did not return within 1.5 s. All ranks must call it").And.Not.Contain(GoesOn));
    }

    /// <summary>One begins another operation than the others, and goes. MPI leaves open what then happens: an error, or, in MPICH, a crash; nobody waits or goes on.</summary>
    [Test]
    public void ARankThatDiffersEndsAll()
    {
        var run = Start(3, "differs", 15);
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        Assert.That(run.Output, Does.Not.Contain(GoesOn));
    }

    /// <summary>Nobody disposes of anything, and nobody waits.</summary>
    [Test]
    public void ProcessesEndWithoutDisposal()
    {
        var run = Start(3, "leaves", 15);
        Assert.That(run.ExitCode, Is.Zero, run.Output);
    }

    /// <summary>Each would be alone, and train by itself.</summary>
    [Test]
    public void AnotherLibraryThanTheLaunchersIsRefused()
    {
        var other = MpiRun.Implementations.Single(name => name != implementation);
        MpiRun.Launcher(other);
        var run = Start(2, "late", 15, ("GPUOPTIM_MPI", Library(other)));
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        Assert.That(run.Output, Does.Contain("says that it is alone: launcher and library are of different MPIs").And.Not.Contain(GoesOn));
    }

    [Test]
    public void ALibraryThatIsNotThereIsNamed()
    {
        var run = MpiRun.Alone("late", 15, ("GPUOPTIM_MPI", "libnothing.so"));
        Assert.That(run.ExitCode, Is.EqualTo(RankProgram.Failed), run.Output);
        Assert.That(run.Output, Does.Contain("GPUOPTIM_MPI names no library of MPI that can be loaded. Actual value was 'libnothing.so'"));
    }

    /// <summary>MPI that the program has initialized stays until the program finalizes it.</summary>
    [TestCase(0, false), TestCase(1, false), TestCase(2, true), TestCase(3, true)]
    public void TheProgramMayHaveInitializedMpi(int level, bool suffices)
    {
        var run = Start(2, $"initialized {level}", 15);
        if (suffices)
        {
            Assert.That(run.ExitCode, Is.Zero, run.Output);
            Assert.That(Regex.Count(run.Output, GoesOn), Is.EqualTo(2), run.Output);
            return;
        }
        Assert.That(run.ExitCode, Is.Not.Null.And.Not.Zero, run.Output);
        Assert.That(run.Output, Does.Contain("MPI must have been initialized with MPI_THREAD_SERIALIZED or more"));
    }

    private static string Library(string name) => name == "openmpi" ? "libmpi.so.40" : "libmpich.so.12";

    private MpiRun Start(int ranks, string role, double seconds, params (string Name, string Value)[] environment)
    {
        var run = MpiRun.Start(implementation, ranks, role, seconds, environment);
        TestContext.Out.WriteLine($"{run.Seconds:0.0} s{Environment.NewLine}{run.Output}");
        return run;
    }
}
