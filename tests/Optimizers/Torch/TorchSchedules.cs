using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>The schedules of <c>schedules_in_pytorch.py</c>, on an optimizer with its two groups.</summary>
internal sealed class TorchSchedules : IDisposable
{
    public const int Steps = 40;

    public static readonly int[] Stops = [0, 3, 21];

    public static readonly Dictionary<string, Func<Optimizer, ISchedule>> Factories = new()
    {
        ["StepLR"] = o => new StepLR(o, 7, 0.5),
        ["MultiStepLR"] = o => new MultiStepLR(o, [30, 5, 20, 20], 0.3),
        ["ConstantLR"] = o => new ConstantLR(o, 0.25, 9),
        ["LinearLR"] = o => new LinearLR(o, 0.1, 0.9, 30),
        ["ExponentialLR"] = o => new ExponentialLR(o, 0.93),
        ["PolynomialLR"] = o => new PolynomialLR(o, 45, 2),
        ["CosineAnnealingLR"] = o => new CosineAnnealingLR(o, 25, 0.001),
        ["CosineAnnealingWarmRestarts"] = o => new CosineAnnealingWarmRestarts(o, 10, 2, 0.002),
        ["OneCycleLR"] = o => new OneCycleLR(o, 0.5, 70),
        ["OneCycleLR.linear"] = o => new OneCycleLR(o, 0.7, 70, 0.37, isLinear: true, startDivisor: 13, isThreePhase: true),
        ["OneCycleLR.adam"] = o => new OneCycleLR(o, 0.3, 70, minMomentum: 0.8, endDivisor: 700),
        ["OneCycleLR.still"] = o => new OneCycleLR(o, 0.5, 70, cyclesMomentum: false),
        ["CyclicLR"] = o => new CyclicLR(o, 0.01, 0.3, 8, 5, CyclicMode.Triangular2),
        ["CyclicLR.adam"] = o => new CyclicLR(o, 0.01, 0.3, 8, mode: CyclicMode.ExponentialRange, gamma: 0.97),
        ["CyclicLR.still"] = o => new CyclicLR(o, 0.01, 0.3, 8, 5, cyclesMomentum: false),
        ["LambdaLR"] = o => new LambdaLR(o, t => Math.Pow(0.95, t)),
        ["LambdaLR.partial"] = o => new LambdaLR(o, t => t < 5 ? (t + 1) / 5.0 : Math.Max(0, (70 - t) / 65.0)),
        ["MultiplicativeLR"] = o => new MultiplicativeLR(o, _ => 0.97),
        ["InverseSquareRootLR"] = o => new InverseSquareRootLR(o, 10),
        ["SequentialLR"] = o => new SequentialLR(o, [new LinearLR(o, 0.1, 1, 10), new CosineAnnealingLR(o, 50), new ExponentialLR(o, 0.9)], [10, 30]),
        ["SequentialLR.restarts"] = o => new SequentialLR(o, [new ConstantLR(o, 0.5, 4), new CosineAnnealingWarmRestarts(o, 7, 2), new MultiStepLR(o, [3, 3, 9])], [4, 33]),
        ["SequentialLR.cyclic"] = o => new SequentialLR(o, [new LinearLR(o, 0.1, 1, 10), new CyclicLR(o, 0.01, 0.3, 8, 5)], [10]),
        ["SequentialLR.chained"] = o => new SequentialLR(o, [new ChainedScheduler(new ConstantLR(o, 0.1, 5), new StepLR(o, 6, 0.9)), new StepLR(o, 4, 0.5)], [15]),
        ["ChainedScheduler"] = o => new ChainedScheduler(new ConstantLR(o, 0.1, 5), new ExponentialLR(o, 0.9)),
        ["ReduceLROnPlateau"] = o => new ReduceLROnPlateau(o, 0.5, patience: 2, cooldown: 1, threshold: 1e-3, minRate: 0.003),
        ["ReduceLROnPlateau.max"] = o => new ReduceLROnPlateau(o, 0.3, patience: 3, threshold: 0.02, isThresholdAbsolute: true, isMaximized: true),
    };

    private readonly SimdDevice _device = new(threads: 1);

    public TorchSchedules(string name)
    {
        Parameter<float> first = _device.CreateParameter("p", [1]), second = _device.CreateParameter("q", [1]);
        if (name.EndsWith(".adam", StringComparison.Ordinal))
        {
            var optimizer = new AdamW([first], new() { LearningRate = 0.1 });
            optimizer.AddGroup([second], new AdamWOptions { LearningRate = 0.02 });
            Optimizer = optimizer;
        }
        else
        {
            var optimizer = new Sgd([first], new() { LearningRate = 0.1, Momentum = 0.9 });
            optimizer.AddGroup([second], new SgdOptions { LearningRate = 0.02, Momentum = 0.9 });
            Optimizer = optimizer;
        }
        Schedule = Factories[name](Optimizer);
    }

    public Optimizer Optimizer { get; }

    public ISchedule Schedule { get; set; }

    public double[] Rates => [.. Optimizer.Groups.Select(group => group.LearningRate)];

    public double[] Momenta => [.. Optimizer.Groups.Select(group => group.AnyOptions is AdamWOptions adam ? adam.Beta1 : ((SgdOptions)group.AnyOptions).Momentum)];

    public static Recording Read(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<Recording>(file, JsonSerializerOptions.Web)!;
    }

    public void Step(int step, double[] measures)
    {
        if (Schedule is ReduceLROnPlateau plateau)
            plateau.Step(measures[step]);
        else
            ((LearningRateSchedule)Schedule).Step();
    }

    /// <summary>Goes on, comparing each step.</summary>
    public void AssertGoesOn(Recording recording, string run, int stop)
    {
        for (var i = 0; i <= Steps; i++)
        {
            Assert.That(Rates, Is.EqualTo(recording.Runs[run].Rates[i]), $"{run}: rates at step {stop + i}");
            Assert.That(Momenta, Is.EqualTo(recording.Runs[run].Momenta[i]), $"{run}: momenta at step {stop + i}");
            if (i < Steps)
                Step(stop + i, recording.Measures);
        }
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        _device.Dispose();
    }

    public sealed record Recording(string Torch, double[] Measures, Dictionary<string, Run> Runs);

    public sealed record Run(double[][] Rates, double[][] Momenta);
}
