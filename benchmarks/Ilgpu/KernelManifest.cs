using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>What the text of a kernel's PTX asks for. Registers are virtual ones, before the assembler shares them out.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="Instructions">Instructions in the text.</param>
/// <param name="SharedBytes">Bytes of shared memory.</param>
/// <param name="Registers">Registers declared, by type.</param>
/// <param name="Accesses">Instructions that reach memory, by kind and width.</param>
/// <param name="Arithmetic">Instructions of float arithmetic and tensor cores, by kind.</param>
internal sealed partial record KernelManifest(
    string Name,
    int Instructions,
    int SharedBytes,
    IReadOnlyDictionary<string, int> Registers,
    IReadOnlyDictionary<string, int> Accesses,
    IReadOnlyDictionary<string, int> Arithmetic)
{
    /// <summary>What the assembler makes of it; null if there is none.</summary>
    public MachineCode? Machine { get; init; }

    /// <summary>What its main loop costs; null if there is no disassembler.</summary>
    public InstructionCount? MainLoop { get; init; }

    /// <summary>Warps that a multiprocessor holds at once; null if there is no assembler.</summary>
    public int? WarpsAMultiprocessor { get; init; }

    /// <summary>Reads it off a kernel's PTX.</summary>
    public static KernelManifest Of(string name, string ptx)
    {
        string[] instructions = [.. Instruction().Matches(ptx).Select(match => match.Groups[1].Value)];
        return new(
            name,
            instructions.Length,
            Shared().Matches(ptx).Sum(match => Number(match.Groups[1])),
            // Registers are numbered from 1, and the declaration names the number after the last.
            Register().Matches(ptx).GroupBy(match => match.Groups[1].Value).ToDictionary(type => type.Key, type => type.Sum(match => Number(match.Groups[2]) - 1)),
            Count(instructions.Where(instruction => Access().IsMatch(instruction))),
            Count(instructions.Where(instruction => Float().IsMatch(instruction))));
    }

    private static SortedDictionary<string, int> Count(IEnumerable<string> instructions) =>
        new(instructions.CountBy(instruction => instruction).ToDictionary(), StringComparer.Ordinal);

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\t(?:@!?%p\d+ )?([a-z][\w.:]*)[^\n]*;", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 \w+\[(\d+)\]")]
    private static partial Regex Shared();

    [GeneratedRegex(@"\.reg \.(\w+)\s+%\w+<(\d+)>")]
    private static partial Regex Register();

    [GeneratedRegex(@"^(ld|st|atom|red|ldmatrix|cp\.async\.c[ag])\b")]
    private static partial Regex Access();

    [GeneratedRegex(@"^(add|sub|mul|div|fma|mad|sqrt|max|min|neg|cvt\.rn)\b.*\.(f32|f64|f16|bf16x2)|^w?g?mma")]
    private static partial Regex Float();
}
