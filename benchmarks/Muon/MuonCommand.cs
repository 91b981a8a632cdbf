using System.CommandLine;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Muon;

/// <summary>Times a step of Muon on all the matrices of a model.</summary>
internal static class MuonCommand
{
    /// <summary>100 small matrices, 64 to 256 rows and columns; and two layers of a small transformer.</summary>
    private static readonly Dictionary<string, Shape[]> _models = new()
    {
        ["small"] = [.. Enumerable.Range(0, 100).Select(i => new Shape(64 * (1 + i % 4), 64 * (1 + i / 4 % 4)))],
        ["transformer"] = [.. Enumerable.Repeat(new[] { new Shape(512, 512), new(512, 512), new(512, 512), new(512, 512), new(2048, 512), new(512, 2048) }, 2).SelectMany(layer => layer)],
    };

    public static Command Create()
    {
        var models = Options.Many("--model", "Matrices: small is 100 from 64 x 64 to 256 x 256, transformer two layers of width 512", [.. _models.Keys]);
        models.AcceptOnlyFromAmong([.. _models.Keys]);
        var common = new Options(rounds: 7);
        var command = new Command("muon", "GFLOP/s of whole steps on all the matrices of a model, beside the peak of multiply-adds in the same rounds") { models };
        common.AddTo(command);
        command.SetAction(result => common.Run(
            result,
            (device, torch, rounds) => result.GetRequiredValue(models).Select(name => Race(device, torch, rounds, name, _models[name])),
            (accelerator, rounds) => result.GetRequiredValue(models).Select(name => AcceleratorRace.Muon(accelerator, name, _models[name], rounds))));
        return command;
    }

    private static object Race(SimdDevice device, PyTorch? torch, int rounds, string name, Shape[] shapes)
    {
        var random = new Random(1);
        var parameters = shapes.Select((shape, i) => device.CreateParameter<float>($"w{i}", [shape.Rows, shape.Columns], Numbers(random, shape))).ToArray();
        foreach (var (parameter, shape) in parameters.Zip(shapes))
            parameter.Gradient.CopyFrom(Numbers(random, shape));
        using var muon = new Optimizers.Muon(parameters);
        const int Steps = 5;
        double done = Steps * shapes.Sum(shape => shape.StepFlops), dense = Steps * shapes.Sum(shape => shape.DenseStepFlops);
        var contestants = new List<FlopsWorkload> { new(new Workload("muon", muon.Step), done, dense) };
        if (torch is not null)
        {
            foreach (var rival in new[] { "bfloat16", "float32" })
            {
                if (torch.Create($"torch {rival}", $"muon {rival} {string.Join(' ', shapes.Select(shape => $"{shape.Rows}x{shape.Columns}"))}") is { } work)
                    contestants.Add(new(work, 0, dense, "muon"));
            }
        }
        var race = FlopsWorkload.Race($"{name}: {shapes.Length} matrices", device, contestants, rounds);
        torch?.Clear();
        foreach (var parameter in parameters)
            parameter.Data.Dispose();
        return race;
    }

    private static float[] Numbers(Random random, Shape shape) => [.. Enumerable.Range(0, shape.Rows * shape.Columns).Select(_ => random.NextSingle() - 0.5f)];
}
