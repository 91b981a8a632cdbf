using GpuOptim.Distributed;
using GpuOptim.Distributed.Mpi;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Which MPI is looked for, and what is said where there is none.</summary>
public sealed class MpiFinderTests
{
    [Test]
    public void WithoutMpiItIsSaidWhatToInstall()
    {
        var failure = Assert.Throws<CommunicationException>(() => MpiFinder.Load(["libone.so.1", "libtwo.so.2"]));
        Assert.That(failure.Message, Does.Contain("No MPI was found: none of libone.so.1, libtwo.so.2 can be loaded").And.Contain("apt install openmpi-bin").And.Contain("GPUOPTIM_MPI"));
    }

    [TestCase("OMPI_COMM_WORLD_SIZE=3 PMI_SIZE=5", true, 3)]
    [TestCase("PMI_SIZE=5 PMI_RANK=1", false, 5)]
    [TestCase("MV2_COMM_WORLD_SIZE=2", false, 2)]
    [TestCase("PMIX_RANK=0", null, null)]
    [TestCase("", null, null)]
    [TestCase("PMI_SIZE=nonsense", null, null)]
    public void TheLauncherIsKnownByItsVariables(string variables, bool? isOpenMpi, int? size)
    {
        var pairs = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        var launcher = MpiLauncher.Of(name => pairs.GetValueOrDefault(name));
        Assert.That((launcher.IsOpenMpi, launcher.Size), Is.EqualTo((isOpenMpi, size)));
        if (OperatingSystem.IsLinux())
            Assert.That(MpiFinder.Names(launcher)[0], Is.EqualTo(isOpenMpi == false ? "libmpich.so.12" : "libmpi.so.40"));
    }

    [TestCase("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4", "Open MPI 4.1.4")]
    [TestCase("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7", "MPICH 4.0.2")]
    [TestCase("Intel(R) MPI Library 2021.10 for Linux* OS\n", "Intel(R) MPI Library 2021.10 for Linux* OS")]
    [TestCase("Microsoft MPI 10.1.12498.52", "Microsoft MPI 10.1.12498.52")]
    [TestCase("", "Some MPI")]
    public void TheVersionIsALine(string text, string version) => Assert.That(MpiLibrary.Shorten(text, "Some MPI"), Is.EqualTo(version));
}
