using System.Diagnostics;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.TorchSharp;
using Spectre.Console;
using TorchSharp;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>What was measured of one optimizer on the tensors of one model.</summary>
/// <param name="Tensors">What the tensors are called.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Elements">How many numbers.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="TorchSharp">Steps of TorchSharp's.</param>
/// <param name="Ours">Steps of ours on as many tensors.</param>
/// <param name="Bare">The same without looking for gradients.</param>
/// <param name="Triad">The triad on two arrays of as many numbers.</param>
/// <param name="Looking">How long each of our steps looked for gradients.</param>
/// <param name="BytesPerParameter">Bytes that an update in place must move.</param>
/// <param name="ManagedBytes">Managed bytes that a step of ours allocates.</param>
/// <param name="Difference">The largest difference between ours and TorchSharp's parameters at the end.</param>
internal sealed record TorchSharpRace(
    string Tensors,
    int Count,
    long Elements,
    string Optimizer,
    Measurement TorchSharp,
    Measurement Ours,
    Measurement Bare,
    Measurement Triad,
    Measurement Looking,
    int BytesPerParameter,
    long ManagedBytes,
    double Difference)
{
    private const double Tolerance = 1e-5;

    /// <summary>Races both, and the yardsticks, in the same rounds.</summary>
    /// <param name="device">What the yardsticks run on.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="contestant">The optimizer.</param>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="freshGradients">Whether gradients lie elsewhere at each step, as after a backward pass. They stay for the bare step, which does not look.</param>
    /// <exception cref="InvalidOperationException">The two do not compute the same.</exception>
    public static TorchSharpRace Run(SimdDevice device, TensorSet tensors, Contestant contestant, int rounds, bool freshGradients)
    {
        torch.manual_seed(1);
        torch.Tensor[] data = [.. tensors.Shapes.Select(shape => Numbers(shape, 0.02))];
        torch.Tensor[] gradients = [.. tensors.Shapes.Select(shape => Numbers(shape, 0.01))];
        using TrainedTensors theirs = new(data, gradients), ours = new(data, gradients), bare = new(data, gradients);
        Array.ForEach(data, each => each.Dispose());

        using var theirOptimizer = Rival.Create(contestant.Options, theirs.Parameters);
        using var ourOptimizer = ours.Named.Optimizer(contestant.Options);
        using var bareOptimizer = bare.Named.Optimizer(contestant.Options);
        bareOptimizer.Inner.ReadGradients();
        using var a = device.CreateBuffer<float>(tensors.Elements);
        using var b = device.CreateBuffer<float>(tensors.Elements);

        // Twice their temporaries, and our states, which the first step allocates.
        var heap = new NativeHeap(room: 8 * sizeof(float) * tensors.Elements);
        StepWorkload Steps(string name, TrainedTensors trained, Action step) => new(name, step, between: () =>
        {
            heap.TrimIfLarge();
            if (freshGradients)
                trained.RenewGradients();
        });
        var theirSteps = Steps("TorchSharp", theirs, () => theirOptimizer.step());
        var ourSteps = Steps("ours", ours, () => ourOptimizer.step());
        // Who asks last is told when all gradients are found. That a step of a millisecond is 20 microseconds longer than another cannot be measured.
        var looking = new List<double>(2 * rounds + 2);
        ourOptimizer.Inner.ReadingGradients += (_, _) => looking.Add(Stopwatch.GetElapsedTime(ourSteps.Start).TotalSeconds);

        // One step at a time, so that all take as many, and end with the same numbers.
        var measured = Measurement.Interleave(
            [theirSteps, ourSteps, new Workload("bare", bareOptimizer.Inner.StepOnGradientsRead), Yardsticks.Create(device, a, b)[1]],
            rounds,
            secondsEach: 0);
        Array.ForEach(gradients, each => each.Dispose());
        var difference = ours.DifferenceFrom(theirs);
        if (difference > Tolerance)
            throw new InvalidOperationException($"Parameters of {contestant.Name} on {tensors.Name} must agree with TorchSharp's within {Tolerance}. Actual difference was {difference:G3}.");
        return new(
            tensors.Name,
            tensors.Shapes.Count,
            tensors.Elements,
            contestant.Name,
            measured[0],
            measured[1],
            measured[2],
            measured[3],
            // Of each two steps the second is timed.
            new("looking", [.. looking.Where((_, i) => i % 2 == 1)]),
            contestant.BytesPerParameter(NumberType.All[0]),
            ourSteps.Bytes,
            difference);
    }

    /// <summary>Prints a table.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="races">Its rows.</param>
    public static void Print(string title, IEnumerable<TorchSharpRace> races)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{title}[/]").AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap());
        foreach (var column in new[] { "TorchSharp ms", "±", "ours ms", "±", "× TorchSharp", "of triad", "bare ms", "looking µs", "µs/tensor", "bytes", "bytes/tensor", "difference" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var race in races)
        {
            table.AddRow(
                race.Tensors,
                race.Optimizer,
                $"{race.TorchSharp.Median * 1e3:F2}",
                $"{race.TorchSharp.Spread:P0}",
                $"{race.Ours.Median * 1e3:F2}",
                $"{race.Ours.Spread:P0}",
                $"{race.Ours.TimesFasterThan(race.TorchSharp):F1}",
                $"{race.Ours.TimesFasterThan(race.Triad) * race.BytesPerParameter / 12:P0}",
                $"{race.Bare.Median * 1e3:F2}",
                $"{race.Looking.Median * 1e6:F1}",
                $"{race.Looking.Median * 1e6 / race.Count:F2}",
                $"{race.ManagedBytes}",
                $"{(double)race.ManagedBytes / race.Count:F1}",
                $"{race.Difference:0.0E-0}");
        }
        AnsiConsole.Write(table);
    }

    private static torch.Tensor Numbers(long[] shape, double deviation)
    {
        using var numbers = torch.randn(shape);
        return numbers * deviation;
    }
}
