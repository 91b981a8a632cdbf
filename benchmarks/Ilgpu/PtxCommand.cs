using System.CommandLine;
using System.Text.Json;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>Writes the PTX of every kernel, with no GPU needed.</summary>
internal static class PtxCommand
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "Where to write: a folder for each architecture, a file for each kernel, and manifest.json" };
        var command = new Command("ptx", "Compiles every kernel to PTX, for every architecture, with no GPU, beside a manifest of what each asks for") { folder };
        command.SetAction(result => Write(result.GetRequiredValue(folder)));
        return command;
    }

    private static void Write(DirectoryInfo folder)
    {
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures)
        {
            var files = folder.CreateSubdirectory($"{architecture}".ToLowerInvariant());
            var manifest = new List<KernelManifest>();
            foreach (var kernel in GpuKernel.For(architecture))
            {
                var ptx = kernel.Compile(architecture, instructionSet);
                File.WriteAllText(Path.Combine(files.FullName, kernel.Name + ".ptx"), ptx);
                manifest.Add(KernelManifest.Of(kernel.Name, ptx));
            }
            File.WriteAllText(Path.Combine(files.FullName, "manifest.json"), JsonSerializer.Serialize(manifest, _json) + "\n");
            Console.WriteLine($"{files.FullName}: {manifest.Count} kernels, manifest.json");
        }
    }
}
