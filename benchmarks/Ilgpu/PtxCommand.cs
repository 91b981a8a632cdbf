using System.CommandLine;
using System.Globalization;
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
        var only = new Option<string>("--only") { Description = "Only kernels whose names hold this", DefaultValueFactory = _ => "" };
        var command = new Command("ptx", "Compiles every kernel to PTX, for every architecture, with no GPU, beside a manifest of what each asks for") { folder, only };
        command.SetAction(result => Write(result.GetRequiredValue(folder), result.GetRequiredValue(only)));
        return command;
    }

    private static void Write(DirectoryInfo folder, string only)
    {
        var counts = new Dictionary<(string Kernel, string Architecture), InstructionCount>();
        foreach (var (architecture, instructionSet) in GpuKernel.Architectures)
        {
            var files = folder.CreateSubdirectory($"{architecture}".ToLowerInvariant());
            // Assemblers are processes of their own, and the slower part.
            KernelManifest[] manifest =
            [
                .. GpuKernel.For(architecture).Where(kernel => kernel.Name.Contains(only, StringComparison.Ordinal)).AsParallel().AsOrdered().Select(kernel =>
                {
                    var ptx = kernel.Compile(architecture, instructionSet);
                    File.WriteAllText(Path.Combine(files.FullName, kernel.Name + ".ptx"), ptx);
                    return Assembled(KernelManifest.Of(kernel.Name, ptx), kernel, ptx, architecture.Major * 10 + architecture.Minor);
                }),
            ];
            foreach (var kernel in manifest)
            {
                if (kernel.MainLoop is { } count)
                    counts[(kernel.Name, files.Name)] = count;
            }
            File.WriteAllText(Path.Combine(files.FullName, "manifest.json"), JsonSerializer.Serialize(manifest, _json) + "\n");
            Console.WriteLine($"{files.FullName}: {manifest.Length} kernels, manifest.json{(MachineCode.IsAvailable ? "" : " without machine code: there is no ptxas")}");
        }
        if (counts.Count > 0)
            WriteBudgets(Path.Combine(folder.FullName, "InstructionBudgets.tsv"), counts);
    }

    /// <summary>The table of what main loops of the kernels issue, but of variants, as the tests hold them to.</summary>
    private static void WriteBudgets(string path, Dictionary<(string Kernel, string Architecture), InstructionCount> counts)
    {
        var lines = GpuKernel.All
            .Select(kernel => kernel.Name)
            .Where(name => counts.ContainsKey((name, "sm_90")) && !name.EndsWith(".Scale", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => string.Create(CultureInfo.InvariantCulture, $"{name}\t{counts[(name, "sm_90")].Unit}\t{counts.GetValueOrDefault((name, "sm_80"))?.Instructions}\t{counts[(name, "sm_90")].Instructions}"));
        File.WriteAllLines(path, ["kernel\tunit\tsm_80\tsm_90", .. lines]);
    }

    private static KernelManifest Assembled(KernelManifest manifest, GpuKernel kernel, string ptx, int architecture)
    {
        if (MachineCode.Of(ptx, architecture) is not { } machine)
            return manifest;
        var (groupSize, sharedBytes) = kernel.Method.GetCustomAttribute<DynamicSharedMemoryAttribute>() is { } dynamic
            ? (kernel.Method.GetCustomAttribute<LaunchBoundsAttribute>()?.Threads ?? TensorProduct.GroupSize, dynamic.Bytes)
            : (UpdateKernel.GroupSize, manifest.SharedBytes);
        return manifest with { Machine = machine with { Loops = null }, MainLoop = InstructionCount.Of(kernel, machine), WarpsAMultiprocessor = machine.WarpsAMultiprocessor(architecture, groupSize, sharedBytes) };
    }
}
