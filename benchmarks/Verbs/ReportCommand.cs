using System.CommandLine;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Html;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Rivals;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Answers all questions, and writes a page and a file of them.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Fewer and smaller: under two minutes on two cores" };
        var device = new Option<string>("--device") { Description = "simd, cuda or ilgpu-cpu", DefaultValueFactory = _ => SimdDevice.DeviceName };
        device.AcceptOnlyFromAmong(SimdDevice.DeviceName, "cuda", "ilgpu-cpu");
        var python = new Option<string>("--python") { Description = "The Python that has torch", DefaultValueFactory = _ => "python3" };
        var output = new Option<FileInfo>("--output") { Description = "The page; the JSON file lies beside it", DefaultValueFactory = _ => new("gpuoptim-report.html") };
        var command = new Command("report", "Answers all questions: one page to look at, and a JSON file to compare with") { quick, device, python, output };
        command.SetAction(result => Run(result, result.GetValue(quick), result.GetRequiredValue(device), result.GetRequiredValue(python), result.GetRequiredValue(output)));
        return command;
    }

    private static void Run(ParseResult result, bool isQuick, string device, string python, FileInfo page)
    {
        var json = new FileInfo(Path.ChangeExtension(page.FullName, ".json"));
        if (json.FullName == page.FullName)
            throw new InvalidOperationException($"--output must not end in .json: the JSON file lies beside the page. Actual value was '{page}'.");
        // What is written at the end is tried at the beginning.
        page.OpenWrite().Dispose();
        json.OpenWrite().Dispose();
        string[] plan = (isQuick, device) switch
        {
            (false, _) => [],
            // Who asks this device asks whether all runs, not how fast.
            (true, "ilgpu-cpu") => ["--passes", "2", "--rounds", "1", "--seconds-each", "0"],
            (true, _) => ["--passes", "5", "--rounds", "2", "--seconds-each", "0.005"],
        };
        string[] common = [.. device == SimdDevice.DeviceName ? [] : new[] { "--device", device }, .. python == "python3" ? [] : new[] { "--python", python }, .. plan];
        AskedQuestion[] questions = [.. Questions(isQuick, device).Select(words => AskedQuestion.Parse([.. words.Split(' '), .. common]))];
        var report = ReportRun.Measure(CommandLine.Of(result), questions[0].Verb.Common.Plan(questions[0].Arguments), questions);
        ReportFile.Write(json.FullName, report);
        HtmlReport.Write(page.FullName, report);
        AnsiConsole.WriteLine($"{page.FullName}\n{json}");
    }

    /// <summary>What a report asks.</summary>
    internal static IEnumerable<string> Questions(bool isQuick, string device)
    {
        if (device != SimdDevice.DeviceName)
        {
            if (device == "ilgpu-cpu")
                return ["throughput --layout 1x1K 100x100", "launch --layout 1x1", "newton-schulz --shape 64x96", "cold-start"];
            return isQuick
                ? ["compare --layout 1x16M 1000x1024", "throughput --layout 1x1K 1x1M 1x64M", "launch --layout 1x1 10000x100", "newton-schulz --shape 1024x1024 4096x4096", "muon --model small", "cold-start"]
                :
                [
                    "compare --layout 1x1M 1x16M 1000x1024", "throughput --layout 1x1K 1x64K 1x1M 1x16M 1x64M 1x256M", "throughput --layout 1x64M --type bfloat16 bfloat16/float32", "launch --layout 1x1 1000x1024 10000x100",
                    "newton-schulz --shape 1024x1024 2048x2048 4096x4096 1024x4096 4096x1024", "muon", "cold-start",
                ];
        }
        var all = Environment.ProcessorCount;
        string[] withTorchSharp = Libtorch.Failure is null ? [isQuick ? "torchsharp --layout 1x1M 1000x1024" : "torchsharp"] : [];
        return isQuick
            ?
            [
                "compare --layout 1x1K 1x32K 1x256K 1000x1024", $"throughput --layout 1x1K 1x32K 1x1M 1x16M --threads {Threads(1, all)}", $"throughput --layout 1x4M --type bfloat16/float32 --threads {all}", "launch --layout 1x1 10000x100",
                "newton-schulz --shape 512x512", "muon --model small", "training --parameters 4000000", "checkpoint --parameters 1000000", "cold-start", .. withTorchSharp,
            ]
            :
            [
                "compare", $"throughput --layout {Sizes()} --threads {Threads(1, all)}", $"throughput --layout 1x1M --threads {Threads(1, 2, 4, 8, 16, 32, 64, 128, all)}",
                $"throughput --layout 1x16M --type bfloat16 bfloat16/float32 bfloat16+float32 float16/float32 --threads {all}", "launch", "newton-schulz", "muon", "training", "checkpoint --format safetensors pt", "cold-start",
                .. withTorchSharp,
            ];
    }

    /// <summary>Numbers of threads that this machine has cores for.</summary>
    private static string Threads(params int[] numbers) => string.Join(' ', numbers.Where(number => number <= Environment.ProcessorCount).Distinct().Order());

    /// <summary>From a thousand parameters on, four times as many each, to what half of the memory holds with the states of all optimizers and the yardsticks.</summary>
    private static string Sizes()
    {
        const int BytesAParameter = 4 * (2 + 6 + 2);
        var most = MachineReader.Read("", []).MemoryBytes / 2 / BytesAParameter;
        string[] sizes = ["1K", "4K", "16K", "64K", "256K", "1M", "4M", "16M", "64M", "256M", "1024M", "4096M", "16384M"];
        return string.Join(' ', sizes.Select(size => $"1x{size}").Where(layout => Throughput.Layout.Parse(layout)!.Elements <= most));
    }
}
