using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>Writes the PTX of every kernel, with no GPU needed.</summary>
internal static class PtxCommand
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "Where to write: a folder for each architecture, a file for each kernel, and manifest.json" };
        var only = new Option<string>("--only") { Description = "Only kernels whose names begin so", DefaultValueFactory = _ => "" };
        var command = new Command("ptx", "Compiles every kernel to PTX, for every architecture, with no GPU, beside a manifest of what each asks for") { folder, only };
        command.SetAction(result => Write(result.GetRequiredValue(folder), result.GetRequiredValue(only)));
        return command;
    }

    private static void Write(DirectoryInfo folder, string only)
    {
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures)
        {
            var files = folder.CreateSubdirectory($"{architecture}".ToLowerInvariant());
            // Assemblers are processes of their own, and the slower part.
            KernelManifest[] manifest =
            [
                .. GpuKernel.For(architecture).Where(kernel => kernel.Name.StartsWith(only, StringComparison.Ordinal)).AsParallel().AsOrdered().Select(kernel =>
                {
                    var ptx = kernel.Compile(architecture, instructionSet);
                    File.WriteAllText(Path.Combine(files.FullName, kernel.Name + ".ptx"), ptx);
                    return Assembled(KernelManifest.Of(kernel.Name, ptx), kernel, ptx, architecture.Major * 10 + architecture.Minor);
                }),
            ];
            File.WriteAllText(Path.Combine(files.FullName, "manifest.json"), JsonSerializer.Serialize(manifest, _json) + "\n");
            Console.WriteLine($"{files.FullName}: {manifest.Length} kernels, manifest.json{(MachineCode.IsAvailable ? "" : " without machine code: there is no ptxas")}");
        }
    }

    private static KernelManifest Assembled(KernelManifest manifest, GpuKernel kernel, string ptx, int architecture)
    {
        if (MachineCode.Of(ptx, architecture) is not { } machine)
            return manifest;
        var (groupSize, sharedBytes) = kernel.Method.GetCustomAttribute<DynamicSharedMemoryAttribute>() is { } dynamic
            ? (TensorProduct.GroupSize, dynamic.Bytes)
            : (UpdateKernel.GroupSize, manifest.SharedBytes);
        return manifest with { Machine = machine with { Loops = null }, MainLoop = InstructionCount.Of(kernel, machine), WarpsAMultiprocessor = machine.WarpsAMultiprocessor(architecture, groupSize, sharedBytes) };
    }
}
