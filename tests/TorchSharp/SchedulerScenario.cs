using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;
using static TorchSharp.torch.optim.lr_scheduler.impl.CyclicLR;
using static TorchSharp.torch.optim.lr_scheduler.impl.OneCycleLR;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>A schedule of TorchSharp's.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="Create">Makes it for an optimizer of two groups.</param>
/// <param name="NeedsMomentum">Whether TorchSharp makes it only for optimizers that have a momentum, and no betas.</param>
public sealed record SchedulerScenario(string Name, Func<Optimizer, LRScheduler> Create, bool NeedsMomentum = false)
{
    public static IEnumerable<SchedulerScenario> All =>
    [
        new("step", optimizer => StepLR(optimizer, 4, 0.7)),
        new("lambda", optimizer => LambdaLR(optimizer, epoch => Math.Pow(0.95, 1 + epoch))),
        new("lambda for each group", optimizer => new impl.LambdaLR(optimizer, [epoch => 1 / (1.0 + epoch), epoch => 1 - epoch / 100.0])),
        new("multiplicative", optimizer => MultiplicativeLR(optimizer, epoch => 0.9 + 0.001 * epoch)),
        new("exponential", optimizer => ExponentialLR(optimizer, 0.93)),
        new("linear", optimizer => LinearLR(optimizer, 0.25, 0.75, 10)),
        new("constant", optimizer => ConstantLR(optimizer)),
        new("multi-step", optimizer => MultiStepLR(optimizer, [3, 5, 7], 0.8)),
        new("polynomial", optimizer => PolynomialLR(optimizer, 30, 2)),
        new("polynomial to its end", optimizer => PolynomialLR(optimizer)),
        new("cosine annealing", optimizer => CosineAnnealingLR(optimizer, 10)),
        new("cosine annealing to a least rate", optimizer => CosineAnnealingLR(optimizer, 7, 1e-5)),
        new("sequential", optimizer => SequentialLR(optimizer, [LinearLR(optimizer, end_factor: 0.75, total_iters: 5), ConstantLR(optimizer), ExponentialLR(optimizer, 0.9)], [5, 10])),
        new("sequential, restarted in closed form", optimizer => SequentialLR(
            optimizer,
            [StepLR(optimizer, 2), MultiStepLR(optimizer, [2, 4]), PolynomialLR(optimizer, power: 2), CosineAnnealingLR(optimizer, 5, 1e-5), LinearLR(optimizer, end_factor: 0.75)],
            [3, 6, 9, 12])),
        new("chained", optimizer => ChainedLR([ConstantLR(optimizer, 0.5, 8), ExponentialLR(optimizer, 0.95)])),
        new("reduced on a plateau", optimizer => ReduceLROnPlateau(optimizer, factor: 0.5, patience: 1, threshold: 0.3, cooldown: 1, min_lr: [1e-4, 2e-4])),
        new("cyclic, momentum left", optimizer => CyclicLR(optimizer, 1e-4, 2e-3, 4, cycle_momentum: false)),
        new("cyclic", optimizer => CyclicLR(optimizer, 1e-4, 1e-3, 4, base_momentum: 0.3, max_momentum: 0.4), NeedsMomentum: true),
        new("cyclic, each group its own", optimizer => CyclicLR(optimizer, [1e-4, 2e-4], [1e-3, 2e-3], 3, 5, Mode.Triangular2, base_momentum: [0.3, 0.1], max_momentum: [0.4, 0.3]), NeedsMomentum: true),
        new("cyclic, of a range that shrinks", optimizer => CyclicLR(optimizer, 1e-4, 1e-3, 4, mode: Mode.ExpRange, gamma: 0.9, base_momentum: 0.3, max_momentum: 0.4), NeedsMomentum: true),
        new("one cycle", optimizer => OneCycleLR(optimizer, 2e-3, total_steps: 25)),
        new("one cycle, momentum left", optimizer => OneCycleLR(optimizer, 2e-3, epochs: 5, steps_per_epoch: 5, cycle_momentum: false)),
        new("one cycle of three phases", optimizer => OneCycleLR(optimizer, 2e-3, total_steps: 25, anneal_strategy: AnnealStrategy.Linear, three_phase: true)),
        new("one cycle, each group its own", optimizer => OneCycleLR(optimizer, [1e-3, 2e-3], total_steps: 25, base_momentum: [0.5, 0.6], max_momentum: [0.8, 0.9])),
    ];

    public override string ToString() => Name;
}
