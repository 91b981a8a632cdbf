using System.CommandLine;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>Prints what a sharded step should take on many cards, where nobody measured it.</summary>
internal static class DistributedModelCommand
{
    public static Command Create()
    {
        var svg = new Option<FileInfo?>("--svg") { Description = "Draw it into this file" };
        var command = new Command("distributed-model", "What a sharded step should take on 8 to 4096 cards, by start-up times, bytes and operations") { svg };
        command.SetAction(result =>
        {
            foreach (var line in Lines(Cluster.H100))
                Console.WriteLine(line);
            if (result.GetValue(svg) is { } file)
                File.WriteAllText(file.FullName, Picture.Of(ModelChart.Of(Cluster.H100)));
        });
        return command;
    }

    /// <summary>What is printed: tables as documents have them.</summary>
    public static IEnumerable<string> Lines(Cluster cluster)
    {
        string Row(string name, Func<int, double> value) => $"| {name} | {string.Join(" | ", ScalingPlan.Ranks.Select(ranks => Text.Number(value(ranks), 0)))} |";
        yield return $"| milliseconds a step | {string.Join(" | ", ScalingPlan.Ranks)} |";
        yield return $"|---|{string.Concat(ScalingPlan.Ranks.Select(_ => "--:|"))}";
        foreach (var group in ScalingPlan.All.GroupBy(plan => (plan.Model, plan.IsMuon)))
        {
            yield return Row($"{group.Key.Model.Name}, {(group.Key.IsMuon ? "Muon" : "AdamW")}, not shared out", ranks => group.First().On(ranks, cluster).Unshared * 1e3);
            foreach (var plan in group)
                yield return Row(plan.Name, ranks => plan.On(ranks, cluster).Seconds * 1e3);
        }
        yield return "";
        yield return $"| | {string.Join(" | ", Transformer.All.Select(model => model.Name))} |";
        yield return $"|---|{string.Concat(Transformer.All.Select(_ => "--:|"))}";
        foreach (var (name, value) in Facts(cluster))
            yield return $"| {name} | {string.Join(" | ", Transformer.All.Select(value))} |";
        yield return "";
        var bucket = ScalingPlan.UsualBucket / (cluster.PortBandwidth * cluster.WireShare);
        yield return $"25 MiB take {Text.Number(bucket * 1e3)} ms through a port, as long as {Text.Number(bucket / cluster.Latency.Node, 0)} messages take to start.";
        foreach (var plan in ScalingPlan.All.Where(plan => plan is { BucketBytes: ScalingPlan.UsualBucket, IsMuon: false }))
        {
            var ranks = ScalingPlan.Ranks.FirstOrDefault(ranks => plan.On(ranks, cluster) is var step && step.LatencySeconds > step.Seconds / 2);
            yield return $"{plan.Name}: {(ranks == 0 ? "starting messages never takes half of a step" : $"from {ranks} ranks on, starting messages takes more than half of a step")}.";
        }
    }

    /// <summary>What follows from shapes and numbers of ranks alone.</summary>
    private static (string Name, Func<Transformer, string> Value)[] Facts(Cluster cluster)
    {
        string Gigabytes(double bytes) => $"{Text.Number(bytes / 1e9)} GB";
        StepModel Step(Transformer model, int ranks, bool isMuon) => new(cluster, model, ranks, isMuon, true, ScalingPlan.UsualBucket);
        Func<Transformer, string> Orthogonalized(int ranks) => model => $"{Text.Number(model.Busiest(ranks).Operations / cluster.Operations * 1e3)} ms";
        return
        [
            ("parameters", model => $"{Text.Number(model.Parameters / 1e9)} billion"),
            ("hidden matrices", model => $"{model.Count}"),
            ("sent by each of 64 ranks, AdamW", model => Gigabytes(Step(model, 64, false).BytesSent)),
            ("sent by each of 64 ranks, Muon", model => Gigabytes(Step(model, 64, true).BytesSent)),
            ("memory, AdamW, one rank", model => Gigabytes(16.0 * model.Parameters)),
            ("memory, AdamW, 64 ranks", model => Gigabytes(Step(model, 64, false).MemoryBytes)),
            ("memory, Muon, 64 ranks", model => Gigabytes(Step(model, 64, true).MemoryBytes)),
            ("of it for what ranks send, in rank order: 64 ranks", model => Gigabytes(Step(model, 64, true).ReceivedBytes)),
            ("the same on 512 ranks", model => Gigabytes(Step(model, 512, true).ReceivedBytes)),
            ("of memory so that parameters change atomically", model => Gigabytes(4.0 * model.Parameters)),
            ("Newton-Schulz, one rank", Orthogonalized(1)),
            ("Newton-Schulz, busiest of 8 ranks", Orthogonalized(8)),
            ("Newton-Schulz, busiest of 64 ranks", Orthogonalized(64)),
            ("Newton-Schulz, busiest of 512 ranks", Orthogonalized(512)),
            ("Newton-Schulz, busiest of 4096 ranks", Orthogonalized(4096)),
        ];
    }
}
