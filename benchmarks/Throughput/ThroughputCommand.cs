using System.CommandLine;
using GpuOptim.Benchmarks.Ilgpu;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times every optimizer on given tensors beside a copy, a triad and a divider on as much memory.</summary>
internal static class ThroughputCommand
{
    public static Command Create()
    {
        var layouts = Options.Many("--layout", "Tensors, as COUNTxLENGTH", ["1x1024", "16x2048", "64x4096", "1000x1024", "10000x100", "1x64M"]);
        layouts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Layout.Parse(token.Value) is null))
                result.AddError($"--layout must be COUNTxLENGTH, for instance 1x64M or 1000x1024. Actual value was '{token.Value}'.");
        });
        var types = Options.Many("--type", "Types of parameter and state, and of what is computed", ["float32", "bfloat16", "bfloat16+float32"]);
        types.AcceptOnlyFromAmong([.. NumberType.All.Select(type => type.Name)]);
        var optimizers = Options.Many("--optimizer", "Optimizers", [.. Contestant.All.Select(contestant => contestant.Name)]);
        optimizers.AcceptOnlyFromAmong([.. Contestant.All.Select(contestant => contestant.Name)]);
        var threads = Options.Many("--threads", "Numbers of threads, here and in PyTorch", [.. new[] { 1, Environment.ProcessorCount }.Distinct()]);
        var common = new Options(rounds: 15, threads);

        var command = new Command("throughput", "Nanoseconds and bytes a parameter of every optimizer, beside a copy, a triad and a divider in the same rounds") { layouts, types, optimizers };
        common.AddTo(command);
        command.SetAction(result =>
        {
            var contestants = Contestant.All.Where(contestant => result.GetRequiredValue(optimizers).Contains(contestant.Name)).ToArray();
            (Layout Layout, NumberType Type)[] jobs =
            [
                .. from text in result.GetRequiredValue(layouts)
                   from type in NumberType.All.Where(type => result.GetRequiredValue(types).Contains(type.Name))
                   select (Layout.Parse(text)!, type),
            ];
            common.Run(
                result,
                (device, torch, rounds) => jobs.Select(job => Race.Run(device, job.Layout, job.Type, contestants, torch, rounds).Print()),
                (accelerator, rounds) => jobs.Select(job => AcceleratorRace.Throughput(accelerator, job.Layout, job.Type, contestants, rounds)));
        });
        return command;
    }
}
