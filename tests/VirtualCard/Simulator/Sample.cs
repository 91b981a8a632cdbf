namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>The text of a kernel in the folder Samples.</summary>
internal static class Sample
{
    private static string Folder => Path.Combine(TestContext.CurrentContext.TestDirectory, "VirtualCard", "Simulator", "Samples");

    public static string PathOf(string name) => Path.Combine(Folder, name);

    public static string Read(string name) => File.ReadAllText(PathOf(name + ".ptx")).ReplaceLineEndings("\n");
}
