namespace GpuOptim.Tests.Support;

/// <summary>Tests that write files: each has a folder of its own, which goes when it ends.</summary>
public abstract class FolderTest
{
    protected string Folder { get; private set; } = null!;

    [SetUp]
    public void MakeFolder() => Folder = Directory.CreateTempSubdirectory("gpuoptim-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(Folder, recursive: true);
}
