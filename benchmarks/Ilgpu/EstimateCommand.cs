using System.CommandLine;
using System.Globalization;
using GpuOptim.Kernels.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>Says, with no GPU needed, what kernels would take on some cards: the longest of what memory, the schedulers and the tensor cores need.</summary>
internal static class EstimateCommand
{
    /// <summary>A share of the nominal bandwidth that copies reach: 4180 of 4800 GB/s on the H200.</summary>
    private const double CopyShare = 0.87;

    /// <summary>Of the products of a tile 128 x 128, which one group of 128 threads makes in 64 <c>HMMA</c> of each warp for 32 inner indices.</summary>
    private const double TileOperations = 2.0 * 128 * 128 * 32, TileProducts = 64;

    /// <summary>Bytes of shared memory that are written and read for it: operands once, and by each of four warps half of each.</summary>
    private const double TileSharedBytes = 3 * 2 * 128 * 32 * 2;

    /// <summary>Of the products of a tile 128 x 256, which two warpgroups make in four <c>HGMMA</c> each for 64 inner indices.</summary>
    private const double WideTileOperations = 2.0 * 128 * 256 * 64, WideTileProducts = 4, WideTileWarps = 8;

    /// <summary>Bytes that come for it from the second-level cache.</summary>
    private const double WideTileBytes = (128 + 256) * 64 * 2;

    /// <summary>Bytes of shared memory that are written and read for it: operands once, and by each warpgroup its half of the left one and all of the right one.</summary>
    private const double WideTileSharedBytes = 2 * WideTileBytes + 256 * 64 * 2;

    /// <summary>Operations of a multiprocessor's tensor cores in a cycle, by Hopper's data sheet: 989 TFLOP/s of 132 at 1.83 GHz.</summary>
    private const double HopperOperations = 4096;

    /// <summary>What the second-level cache gave the product by <c>mma.sync</c> on the H200 at 407 TFLOP/s, in GB a second: 16 KB for each 32 inner indices of a tile. It may have more.</summary>
    private const double CacheGigabytesASecond = 407e3 / TileOperations * (2 * 128 * 32 * 2);

    private static readonly Card[] _cards =
    [
        new("A100 SXM", 80, 108, 1.41, 2039, 312),
        new("H100 SXM", 90, 132, 1.83, 3350, 610),
        new("H200", 90, 132, 1.98, 4800, 649),
        new("RTX 4090", 80, 128, 2.52, 1008, 165),
    ];

    private static readonly (string Label, string Kernel, int Bytes)[] _updates =
    [
        ("SGD, float32", "SgdRule-NoDecay.Float32.Float32.Float32", 12),
        ("SGD, momentum, float32", "SgdRule-NoDecay-Momentum.Float32.Float32.Float32", 20),
        ("RMSprop, float32", "RmsPropRule-NoDecay.Float32.Float32.Float32", 20),
        ("AdamW, float32", "AdamRule-FactorDecay.Float32.Float32.Float32", 28),
        ("AdamW, clipped, float32", "Transformed.AdamRule-FactorDecay.Float32.Float32.Float32", 28),
        ("AdamW, amsgrad or mixed groups, float32", "AdamRule.Float32.Float32.Float32", 36),
        ("AdamW, bfloat16, float32 state", "AdamRule-FactorDecay.BFloat16.BFloat16.Float32", 22),
        ("AdamW, bfloat16, computed in float32", "AdamRule-FactorDecay.BFloat16.BFloat16.BFloat16.InFloat32", 14),
        ("AdamW, bfloat16, each operation rounded", "AdamRule-FactorDecay.BFloat16.BFloat16.BFloat16", 14),
        ("norm, float32", "TwoNorm.Float32", 4),
    ];

    public static Command Create()
    {
        var command = new Command("estimate", "What kernels would take on some cards, from their machine code and the cards' rates, with no GPU; needs ptxas and nvdisasm");
        command.SetAction(_ => Print());
        return command;
    }

    private static int Print()
    {
        if (!MachineCode.IsAvailable)
        {
            Console.Error.WriteLine("There is no ptxas: set GPUOPTIM_PTXAS, or put it on the path, with nvdisasm beside it.");
            return 1;
        }
        Console.WriteLine("Nanoseconds for 1000 parameters: what memory needs, and in brackets what the schedulers need to issue the instructions.\n");
        Console.WriteLine($"| | instructions, sm_80 / sm_90 | {string.Join(" | ", _cards.Select(card => card.Name))} |");
        Console.WriteLine($"|---|--:|{string.Concat(_cards.Select(_ => "--:|"))}");
        foreach (var (label, kernel, bytes) in _updates)
        {
            var counts = (double[])[Count(kernel, 80), Count(kernel, 90)];
            var cells = _cards.Select(card => $"{Text(1000 * bytes / (CopyShare * card.GigabytesASecond))} ({Text(1000 * counts[card.Architecture == 80 ? 0 : 1] / card.ThreadInstructionsANanosecond)})");
            Console.WriteLine($"| {label} | {Text(counts[0])} / {Text(counts[1])} | {string.Join(" | ", cells)} |");
        }

        PrintProducts();
        PrintWarpgroupProducts();
        return 0;
    }

    private static void PrintProducts()
    {
        Console.WriteLine("\nTFLOP/s of the product of bfloat16 matrices, as each of three would bound it: tensor cores as `mma.sync` drives them, shared memory, the schedulers.\n");
        PrintHead(_cards);
        double[] products = [Count("MultiplyAdd.TensorCore", 80), Count("MultiplyAdd.TensorCore", 90)];
        PrintRow("tensor cores", _cards, card => card.TensorTeraflops);
        PrintRow("shared memory", _cards, card => card.Teraflops(TileOperations, TileSharedBytes / 128));
        PrintRow("schedulers", _cards, card => card.Teraflops(TileOperations, TileProducts * products[card.Architecture == 80 ? 0 : 1]));
    }

    private static void PrintWarpgroupProducts()
    {
        var cards = _cards.Where(card => card.Architecture == 90).ToArray();
        // A warpgroup's four warps are one on each scheduler.
        double instructions = Count("MultiplyAdd.Warpgroup", 90), issues = WideTileProducts * WideTileWarps / 4 * instructions;
        var cycles = WideTileOperations / HopperOperations;
        Console.WriteLine("\nThe same of the product by `wgmma`, and by the second-level cache at the rate that the product by `mma.sync` had of it on the H200.\n");
        PrintHead(cards);
        PrintRow("tensor cores", cards, card => card.Teraflops(WideTileOperations, cycles));
        PrintRow("shared memory", cards, card => card.Teraflops(WideTileOperations, WideTileSharedBytes / 128));
        PrintRow("schedulers", cards, card => card.Teraflops(WideTileOperations, issues));
        PrintRow($"{CacheGigabytesASecond / 1000:0.0} TB/s of cache", cards, _ => CacheGigabytesASecond / WideTileBytes * WideTileOperations / 1000);
        const double Share = 0.85;
        Console.WriteLine($"\nAt {Share:P0} of the tensor cores' rate a warp may issue {cycles / Share / issues * instructions:0} instructions for each HGMMA; it issues {Text(instructions)}.");
        PrintRow($"TB/s of cache that {Share:P0} need", cards, card => Share * card.Teraflops(WideTileOperations, cycles) / WideTileOperations * WideTileBytes);
    }

    private static void PrintHead(Card[] cards)
    {
        Console.WriteLine($"| | {string.Join(" | ", cards.Select(card => card.Name))} |");
        Console.WriteLine($"|---|{string.Concat(cards.Select(_ => "--:|"))}");
    }

    private static void PrintRow(string what, Card[] cards, Func<Card, double> value) => Console.WriteLine($"| {what} | {string.Join(" | ", cards.Select(card => Text(value(card))))} |");

    private static double Count(string name, int architecture)
    {
        var kernel = GpuKernel.All.Single(kernel => kernel.Name == name);
        var (cuda, set) = GpuKernel.Architectures.Single(known => known.Architecture == new CudaArchitecture(architecture / 10, architecture % 10));
        var code = MachineCode.Of(kernel.Compile(cuda, set), architecture);
        return code is null || InstructionCount.Of(kernel, code) is not { } count
            ? throw new InvalidOperationException($"There is no count of the instructions of {name} for sm_{architecture}: is nvdisasm beside ptxas?")
            : count.Instructions;
    }

    private static string Text(double value) => value.ToString(value < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>A card, as its data sheet has it.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Architecture">Whose machine code is counted.</param>
    /// <param name="Multiprocessors">How many there are, each with four schedulers that issue an instruction a cycle.</param>
    /// <param name="Gigahertz">Its boost clock.</param>
    /// <param name="GigabytesASecond">Nominal bandwidth.</param>
    /// <param name="TensorTeraflops">bfloat16 with sums in float32: nominal, but on Hopper what <c>mma.sync</c> reached in registers on the H200, scaled by clock.</param>
    private sealed record Card(string Name, int Architecture, int Multiprocessors, double Gigahertz, double GigabytesASecond, double TensorTeraflops)
    {
        public double ThreadInstructionsANanosecond => Multiprocessors * 4 * 32 * Gigahertz;

        /// <summary>The rate if a multiprocessor takes so many cycles for so many operations.</summary>
        public double Teraflops(double operations, double cycles) => operations / cycles * Multiprocessors * Gigahertz / 1000;
    }
}
