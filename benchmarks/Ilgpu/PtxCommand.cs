using System.CommandLine;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>Writes the PTX of every kernel, with no GPU needed.</summary>
internal static class PtxCommand
{
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "Where to write: a folder for each architecture, a file for each kernel" };
        var command = new Command("ptx", "Compiles every kernel to PTX, for every architecture, with no GPU") { folder };
        command.SetAction(result => Write(result.GetRequiredValue(folder)));
        return command;
    }

    private static void Write(DirectoryInfo folder)
    {
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures)
        {
            var files = folder.CreateSubdirectory($"{architecture}".ToLowerInvariant());
            foreach (var kernel in GpuKernel.For(architecture))
                File.WriteAllText(Path.Combine(files.FullName, kernel.Name + ".ptx"), kernel.Compile(architecture, instructionSet));
            Console.WriteLine($"{files.FullName}: {files.GetFiles("*.ptx").Length} kernels");
        }
    }
}
