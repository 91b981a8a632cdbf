namespace GpuOptim.Tests.Ptx;

/// <summary>A kernel's PTX as it is committed: for sm_80, where other architectures differ in the header alone, or for sm_90a, which no other runs.</summary>
/// <param name="Name">What it does, and its element types.</param>
public sealed record CommittedKernel(string Name)
{
    /// <summary>All kernels.</summary>
    public static IEnumerable<CommittedKernel> All => Directory
        .EnumerateFiles(Folder, "*.ptx")
        .Select(path => new CommittedKernel(System.IO.Path.GetFileNameWithoutExtension(path)))
        .OrderBy(kernel => kernel.Name, StringComparer.Ordinal);

    /// <summary>The fused updates.</summary>
    public static IEnumerable<CommittedKernel> Updates => All.Where(kernel => kernel.Name.Contains("Rule.", StringComparison.Ordinal));

    /// <summary>Whether it is for a card of compute capability 9.0 and no other.</summary>
    public bool IsHoppersOwn => Name.Contains("Warpgroup", StringComparison.Ordinal);

    /// <summary>Where the file is.</summary>
    public string Path => System.IO.Path.Combine(Folder, Name + ".ptx");

    /// <summary>What the file says.</summary>
    public string Text => File.ReadAllText(Path).ReplaceLineEndings("\n");

    private static string Folder => System.IO.Path.Combine(TestContext.CurrentContext.TestDirectory, "Ptx", "Kernels");

    /// <summary>How often an instruction stands in it.</summary>
    public int Count(string instruction) => Text.Split(instruction).Length - 1;

    public override string ToString() => Name;
}
