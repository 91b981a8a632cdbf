using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Support;

/// <summary>An optimizer with options that together use every branch of every rule.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="CreateWith">Makes it for parameters, maximizing or minimizing, with precisions of state and arithmetic.</param>
public sealed record OptimizerVariant(string Name, Func<IEnumerable<Parameter>, bool, StatePrecision, ComputePrecision, Optimizer> CreateWith)
{
    /// <summary>Those that run on every device: each rule more costs seconds there, to compile its kernels.</summary>
    public static IEnumerable<OptimizerVariant> All => [.. Maximizing, Lion];

    /// <summary>These and all others, which recordings of PyTorch hold on other devices.</summary>
    public static IEnumerable<OptimizerVariant> OnTheCpu =>
    [
        .. All,
        new("lion_l2", (parameters, maximize, precision, compute) => new Lion(parameters, new() { LearningRate = 0.01, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.L2, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adagrad", (parameters, maximize, precision, compute) => new Adagrad(parameters, new() { LearningRate = 0.1, LearningRateDecay = 0.1, InitialAccumulatorValue = 0.1, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adadelta", (parameters, maximize, precision, compute) => new Adadelta(parameters, new() { Epsilon = 1e-3, WeightDecay = 0.01, WeightDecayMode = WeightDecayMode.Cautious, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adamax", (parameters, maximize, precision, compute) => new Adamax(parameters, new() { LearningRate = 0.01, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("nadam", (parameters, maximize, precision, compute) => new NAdam(parameters, new() { LearningRate = 0.01, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Cautious, MomentumDecay = 0.5, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("radam", (parameters, maximize, precision, compute) => new RAdam(parameters, new() { LearningRate = 0.01, Beta2 = 0.9, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Decoupled, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("rprop", (parameters, maximize, precision, compute) => new Rprop(parameters, new() { LearningRate = 0.1, MaxStepSize = 0.2, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("asgd", (parameters, maximize, precision, compute) => new Asgd(parameters, new() { LearningRate = 0.1, Lambda = 0.1, T0 = 1, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
    ];

    /// <summary>Those whose tensors cannot be cut.</summary>
    public static IEnumerable<OptimizerVariant> OfWholeTensors =>
    [
        new("lamb", (parameters, maximize, precision, compute) => new Lamb(parameters, new() { LearningRate = 0.01, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.L2, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adafactor", (parameters, maximize, precision, compute) => new Adafactor(parameters, new() { LearningRate = 0.1, WeightDecay = 0.1, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
    ];

    /// <summary>These, and those that run on every device.</summary>
    public static IEnumerable<OptimizerVariant> WholeTensorsAndAll => [.. All, .. OfWholeTensors];

    /// <summary>All, on the CPU.</summary>
    public static IEnumerable<OptimizerVariant> WholeTensorsAndOnTheCpu => [.. OnTheCpu, .. OfWholeTensors];

    public static IEnumerable<OptimizerVariant> Maximizing =>
    [
        new("sgd", (parameters, maximize, precision, compute) => new Sgd(parameters, new() { LearningRate = 0.1, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("sgd_momentum", (parameters, maximize, precision, compute) => new Sgd(parameters, new() { LearningRate = 0.1, Momentum = 0.9, Dampening = 0.1, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("sgd_nesterov", (parameters, maximize, precision, compute) => new Sgd(parameters, new() { LearningRate = 0.1, Momentum = 0.4, Nesterov = true, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("rmsprop", (parameters, maximize, precision, compute) => new RmsProp(parameters, new() { LearningRate = 0.01, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("rmsprop_momentum", (parameters, maximize, precision, compute) => new RmsProp(parameters, new() { LearningRate = 0.01, Momentum = 0.9, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("rmsprop_centered_momentum", (parameters, maximize, precision, compute) => new RmsProp(parameters, new() { LearningRate = 0.01, Centered = true, Momentum = 0.9, Epsilon = 1e-3, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adam", (parameters, maximize, precision, compute) => new Adam(parameters, new() { LearningRate = 0.01, WeightDecay = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adam_beta1_low", (parameters, maximize, precision, compute) => new Adam(parameters, new() { LearningRate = 0.01, Beta1 = 0.3, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adamw", (parameters, maximize, precision, compute) => new AdamW(parameters, new() { LearningRate = 0.01, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("sgd_cautious", (parameters, maximize, precision, compute) => new Sgd(parameters, new() { LearningRate = 0.1, Momentum = 0.9, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Cautious, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("rmsprop_independent", (parameters, maximize, precision, compute) => new RmsProp(parameters, new() { LearningRate = 0.01, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Independent, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adamw_cautious", (parameters, maximize, precision, compute) => new AdamW(parameters, new() { LearningRate = 0.01, WeightDecayMode = WeightDecayMode.Cautious, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
        new("adamw_amsgrad", (parameters, maximize, precision, compute) => new AdamW(parameters, new() { LearningRate = 0.01, Amsgrad = true, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute })),
    ];

    private static OptimizerVariant Lion =>
        new("lion", (parameters, maximize, precision, compute) => new Lion(parameters, new() { LearningRate = 0.01, WeightDecay = 0.1, Maximize = maximize, StatePrecision = precision, ComputePrecision = compute }));

    public Optimizer Create(
        IEnumerable<Parameter> parameters,
        bool maximize = false,
        StatePrecision precision = StatePrecision.SameAsParameter,
        ComputePrecision compute = ComputePrecision.SameAsState) => CreateWith(parameters, maximize, precision, compute);

    public override string ToString() => Name;
}
