using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>What CUDA's assembler makes of a kernel's PTX, where there is one: <c>GPUOPTIM_PTXAS</c>, or <c>ptxas</c> on the path, with <c>nvdisasm</c> beside it.</summary>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="StackBytes">Bytes of a thread's stack.</param>
/// <param name="SpillBytes">Bytes that a thread stores and loads for want of registers.</param>
/// <param name="Warnings">What the assembler warns of.</param>
/// <param name="Loops">Its loops; null if there is no disassembler.</param>
internal sealed partial record MachineCode(int Registers, int StackBytes, int SpillBytes, string Warnings, IReadOnlyList<MachineCode.Loop>? Loops)
{
    private static readonly Lazy<string?> _assembler = new(() => Find(Environment.GetEnvironmentVariable("GPUOPTIM_PTXAS") is { Length: > 0 } named ? named : "ptxas"));
    private static readonly Lazy<string?> _disassembler = new(() => _assembler.Value is null ? null : Find(Path.Combine(Path.GetDirectoryName(_assembler.Value) ?? "", "nvdisasm")));

    /// <summary>A loop.</summary>
    /// <param name="Instructions">Instructions from its start to the branch back.</param>
    /// <param name="Products">How many of them are <c>HMMA</c>, products of tensor cores.</param>
    /// <param name="WarpgroupProducts">How many are <c>HGMMA</c>, products of a warpgroup.</param>
    /// <param name="MultiplyAdds">How many are <c>FFMA</c>.</param>
    /// <param name="Branches">How many branch.</param>
    /// <param name="GlobalLoads">How many load from global memory to registers.</param>
    /// <param name="Divisions">How many are estimates of quotients, which divisions of integers begin with.</param>
    /// <param name="Ways">The ways through it, for each number of loads and stores the shortest.</param>
    public sealed record Loop(int Instructions, int Products, int WarpgroupProducts, int MultiplyAdds, int Branches, int GlobalLoads, int Divisions, IReadOnlyList<Way> Ways);

    /// <summary>A way through a loop.</summary>
    /// <param name="Loads">How often it loads 8 or 16 bytes from global memory.</param>
    /// <param name="Stores">How often it stores as many.</param>
    /// <param name="Instructions">Instructions that a warp issues on it.</param>
    public readonly record struct Way(int Loads, int Stores, int Instructions);

    /// <summary>Whether there is an assembler.</summary>
    public static bool IsAvailable => _assembler.Value is not null;

    /// <summary>Assembles a kernel; null if there is no assembler, or if it does not know the architecture.</summary>
    /// <param name="ptx">The kernel's PTX, whatever architecture it names; one whose name ends in a letter is left as it is.</param>
    /// <param name="architecture">As <c>90</c> for sm_90.</param>
    public static MachineCode? Of(string ptx, int architecture)
    {
        if (_assembler.Value is null)
            return null;
        var folder = Directory.CreateTempSubdirectory("gpuoptim-sass-");
        try
        {
            string source = Path.Combine(folder.FullName, "kernel.ptx"), target = Path.Combine(folder.FullName, "kernel.cubin");
            var version = architecture switch { >= 120 => "8.7", >= 100 => "8.6", >= 87 => "7.8", _ => "7.1" };
            var isFixed = FixedTarget().IsMatch(ptx);
            File.WriteAllText(source, isFixed ? ptx : Version().Replace(Target().Replace(ptx, $".target sm_{architecture}"), $".version {version}"));
            var (exitCode, output) = Run(_assembler.Value, $"-arch=sm_{architecture}{(isFixed ? "a" : "")}", "-v", source, "-o", target);
            if (exitCode != 0 && output.Contains("is not defined for option", StringComparison.Ordinal))
                return null;
            if (exitCode != 0)
                throw new InvalidOperationException($"{_assembler.Value} refuses a kernel for sm_{architecture}: {output}");
            return new(
                Number(RegistersUsed(), output),
                Number(Stack(), output),
                Number(SpillStores(), output) + Number(SpillLoads(), output),
                string.Join('\n', output.Split('\n').Where(line => line.Contains("warning", StringComparison.OrdinalIgnoreCase))),
                _disassembler.Value is { } disassembler ? FindLoops(Run(disassembler, target).Output) : null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>How many warps a multiprocessor holds at once.</summary>
    /// <remarks>Source: CUDA C++ Programming Guide, technical specifications per compute capability: 65,536 registers, given out 256 at a time to a warp; 1 KB of shared memory a group is the system's.</remarks>
    public int WarpsAMultiprocessor(int architecture, int groupSize, int sharedBytes)
    {
        var (mostWarps, shared) = architecture switch
        {
            80 => (64, 164 << 10),
            86 or 89 or 120 => (48, 100 << 10),
            _ => (64, 228 << 10),
        };
        var warps = groupSize / 32;
        var byRegisters = 65_536 / ((Registers * 32 + 255) / 256 * 256) / warps;
        var byShared = shared / (sharedBytes + 1024);
        return warps * Math.Min(Math.Min(byRegisters, byShared), mostWarps / warps);
    }

    private static List<Loop> FindLoops(string listing)
    {
        var code = new List<string>();
        var labels = new Dictionary<string, int>();
        foreach (var line in listing.Split('\n'))
        {
            if (Label().Match(line) is { Success: true } label)
                labels[label.Groups[1].Value] = code.Count;
            else if (Instruction().Match(line) is { Success: true } instruction)
                code.Add(instruction.Groups[1].Value);
        }
        var targets = code.Select(text => Branch().Match(text) is { Success: true } branch && labels.TryGetValue(branch.Groups[1].Value, out var target) ? target : -1).ToArray();
        var loops = new List<Loop>();
        for (var end = 0; end < code.Count; end++)
        {
            // A branch back to where a label is.
            if (targets[end] is var start && start >= 0 && start <= end)
                loops.Add(new(end - start + 1, Count(start, end, "HMMA"), Count(start, end, "HGMMA"), Count(start, end, "FFMA"), Count(start, end, "BRA"), Count(start, end, "LDG."), Count(start, end, "MUFU"), FindWays(code, targets, start, end)));
        }
        return loops;

        int Count(int start, int end, string instruction) => code[start..(end + 1)].Count(text => text.Contains(instruction, StringComparison.Ordinal));
    }

    /// <summary>The shortest ways from a loop's start to its end that follow no branch back: those of inner loops are passed once.</summary>
    private static List<Way> FindWays(List<string> code, int[] targets, int start, int end)
    {
        var shortest = new Dictionary<(int Loads, int Stores), int>[end - start + 2];
        for (var i = 0; i < shortest.Length; i++)
            shortest[i] = [];
        shortest[0][(0, 0)] = 0;
        for (var i = start; i <= end; i++)
        {
            var name = Predicate().Replace(code[i], "");
            var isConditional = name.Length < code[i].Length;
            var goesOn = i == end || isConditional || !(name.StartsWith("BRA", StringComparison.Ordinal) || name.StartsWith("EXIT", StringComparison.Ordinal));
            foreach (var ((loads, stores), instructions) in shortest[i - start])
            {
                var work = (loads + (WideLoad().IsMatch(name) ? 1 : 0), stores + (WideStore().IsMatch(name) ? 1 : 0));
                if (goesOn)
                    Reach(i + 1, work, instructions + 1);
                if (targets[i] > i && targets[i] <= end)
                    Reach(targets[i], work, instructions + 1);
            }
        }
        return [.. shortest[^1].Select(path => new Way(path.Key.Loads, path.Key.Stores, path.Value))];

        void Reach(int place, (int, int) work, int instructions)
        {
            var paths = shortest[place - start];
            if (!paths.TryGetValue(work, out var known) || instructions < known)
                paths[work] = instructions;
        }
    }

    private static int Number(Regex pattern, string text) => pattern.Match(text) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;

    private static string? Find(string program)
    {
        if (program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return File.Exists(program) ? program : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    private static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.Result);
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException($"{program} cannot be run: {failure.Message}", failure);
        }
    }

    [GeneratedRegex(@"^\.target \S+", RegexOptions.Multiline)]
    private static partial Regex Target();

    [GeneratedRegex(@"^\.target sm_\d+a\b", RegexOptions.Multiline)]
    private static partial Regex FixedTarget();

    [GeneratedRegex(@"^\.version \S+", RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex RegistersUsed();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex Stack();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex SpillStores();

    [GeneratedRegex(@"(\d+) bytes spill loads")]
    private static partial Regex SpillLoads();

    [GeneratedRegex(@"^\s*(\.L_x_\d+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+/\*[0-9a-f]{4,5}\*/\s+(.*?);")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^LDG\.E\.(64|128)")]
    private static partial Regex WideLoad();

    [GeneratedRegex(@"^STG\.E\.(64|128)")]
    private static partial Regex WideStore();

    [GeneratedRegex(@"^@!?U?P\w+\s+")]
    private static partial Regex Predicate();

    [GeneratedRegex(@"\bBRA\b.*?`\((\.L_x_\d+)\)")]
    private static partial Regex Branch();
}
