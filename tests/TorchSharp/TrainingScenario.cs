using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Adadelta = TorchSharp.Modules.Adadelta;
using Adagrad = TorchSharp.Modules.Adagrad;
using Adam = TorchSharp.Modules.Adam;
using Adamax = TorchSharp.Modules.Adamax;
using AdamW = TorchSharp.Modules.AdamW;
using Named = System.Collections.Generic.IEnumerable<(string name, TorchSharp.Modules.Parameter parameter)>;
using OptimizerOptions = GpuOptim.Optimizers.OptimizerOptions;
using Parameters = System.Collections.Generic.IEnumerable<TorchSharp.Modules.Parameter>;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>An optimizer of TorchSharp's, and ours with the same settings.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="Theirs">Makes TorchSharp's own for parameters.</param>
/// <param name="Ours">The options of ours.</param>
/// <param name="Group">A group for the second layer, made for each of the two; null where one group has all.</param>
public sealed record TrainingScenario(string Name, Func<Named, optim.Optimizer> Theirs, OptimizerOptions Ours, Func<Parameters, ParamGroup>? Group = null)
{
    public static IEnumerable<TrainingScenario> All =>
    [
        new("sgd", p => optim.SGD(p, 2e-3), new SgdOptions { LearningRate = 2e-3 }),
        new("sgd, maximize", p => optim.SGD(p, 1e-3, maximize: true), new SgdOptions { LearningRate = 1e-3, Maximize = true }),
        new("sgd, momentum", p => optim.SGD(p, 1e-3, momentum: 0.5), new SgdOptions { LearningRate = 1e-3, Momentum = 0.5 }),
        new("sgd, dampening", p => optim.SGD(p, 1e-3, dampening: 0.5), new SgdOptions { LearningRate = 1e-3, Dampening = 0.5 }),
        new("sgd, momentum and dampening", p => optim.SGD(p, 1e-3, momentum: 0.9, dampening: 0.5), new SgdOptions { LearningRate = 1e-3, Momentum = 0.9, Dampening = 0.5 }),
        new("sgd, nesterov", p => optim.SGD(p, 1e-3, momentum: 0.5, nesterov: true), new SgdOptions { LearningRate = 1e-3, Momentum = 0.5, Nesterov = true }),
        new("sgd, weight decay", p => optim.SGD(p, 1e-3, weight_decay: 0.5), new SgdOptions { LearningRate = 1e-3, WeightDecay = 0.5 }),
        new("sgd, a group with its rate", p => optim.SGD(p, 1e-3), new SgdOptions { LearningRate = 1e-3 }, p => new SGD.ParamGroup { Parameters = p, Options = new() { LearningRate = 5e-4 } }),
        new("sgd, a group with some options", p => optim.SGD(p, 1e-3, momentum: 0.5, weight_decay: 0.1), new SgdOptions { LearningRate = 1e-3, Momentum = 0.5, WeightDecay = 0.1 }, p => new SGD.ParamGroup { Parameters = p, Options = new() { dampening = 0.25, momentum = 0.75 } }),
        new("sgd, a group with all options", p => optim.SGD(p, 1e-3), new SgdOptions { LearningRate = 1e-3 }, p => new SGD.ParamGroup(p, 2e-3, momentum: 0.25, weight_decay: 0.01, nesterov: true)),
        new("rmsprop", p => optim.RMSProp(p), new RmsPropOptions()),
        new("rmsprop, maximize", p => optim.RMSProp(p, 1e-3, maximize: true), new RmsPropOptions { LearningRate = 1e-3, Maximize = true }),
        new("rmsprop, alpha", p => optim.RMSProp(p, 1e-3, alpha: 0.75), new RmsPropOptions { LearningRate = 1e-3, Alpha = 0.75 }),
        new("rmsprop, weight decay", p => optim.RMSProp(p, 1e-3, weight_decay: 0.15), new RmsPropOptions { LearningRate = 1e-3, WeightDecay = 0.15 }),
        new("rmsprop, centered", p => optim.RMSProp(p, 1e-3, centered: true), new RmsPropOptions { LearningRate = 1e-3, Centered = true }),
        new("rmsprop, centered, weight decay", p => optim.RMSProp(p, 1e-3, weight_decay: 0.15, centered: true), new RmsPropOptions { LearningRate = 1e-3, WeightDecay = 0.15, Centered = true }),
        new("rmsprop, momentum", p => optim.RMSProp(p, 1e-3, momentum: 0.15), new RmsPropOptions { LearningRate = 1e-3, Momentum = 0.15 }),
        new("rmsprop, centered, momentum", p => optim.RMSProp(p, 1e-3, momentum: 0.5, centered: true), new RmsPropOptions { LearningRate = 1e-3, Momentum = 0.5, Centered = true }),
        new("rmsprop, a group with some options", p => optim.RMSProp(p, 1e-3, centered: true), new RmsPropOptions { LearningRate = 1e-3, Centered = true }, p => new RMSProp.ParamGroup { Parameters = p, Options = new() { LearningRate = 2e-3, momentum = 0.5, eps = 1e-6 } }),
        new("rmsprop, a group with all options", p => optim.RMSProp(p, 1e-3, centered: true), new RmsPropOptions { LearningRate = 1e-3, Centered = true }, p => new RMSProp.ParamGroup(p, 2e-3, alpha: 0.9)),
        new("adam", p => optim.Adam(p), new AdamOptions()),
        new("adam, maximize", p => optim.Adam(p, 1e-3, maximize: true), new AdamOptions { Maximize = true }),
        new("adam, amsgrad", p => optim.Adam(p, 2e-3, amsgrad: true), new AdamOptions { LearningRate = 2e-3, Amsgrad = true }),
        new("adam, weight decay", p => optim.Adam(p, 2e-3, weight_decay: 0.5), new AdamOptions { LearningRate = 2e-3, WeightDecay = 0.5 }),
        new("adam, betas", p => optim.Adam(p, 2e-3, beta1: 0.6, beta2: 0.95, eps: 1e-5), new AdamOptions { LearningRate = 2e-3, Beta1 = 0.6, Beta2 = 0.95, Epsilon = 1e-5 }),
        new("adam, a group with its rate", p => optim.Adam(p), new AdamOptions(), p => new Adam.ParamGroup { Parameters = p, Options = new() { LearningRate = 5e-3 } }),
        new("adam, a group with some options", p => optim.Adam(p, 2e-3, amsgrad: true), new AdamOptions { LearningRate = 2e-3, Amsgrad = true }, p => new Adam.ParamGroup { Parameters = p, Options = new() { beta1 = 0.7, weight_decay = 0.1 } }),
        new("adamw", p => optim.AdamW(p, weight_decay: 0.01), new AdamWOptions()),
        new("adamw, maximize", p => optim.AdamW(p, 1e-3, maximize: true), new AdamWOptions { WeightDecay = 0, Maximize = true }),
        new("adamw, amsgrad", p => optim.AdamW(p, 2e-3, amsgrad: true), new AdamWOptions { LearningRate = 2e-3, WeightDecay = 0, Amsgrad = true }),
        new("adamw, weight decay", p => optim.AdamW(p, 2e-3, weight_decay: 0.5), new AdamWOptions { LearningRate = 2e-3, WeightDecay = 0.5 }),
        new("adamw, betas", p => optim.AdamW(p, 2e-3, beta1: 0.6, beta2: 0.95, eps: 1e-5), new AdamWOptions { LearningRate = 2e-3, WeightDecay = 0, Beta1 = 0.6, Beta2 = 0.95, Epsilon = 1e-5 }),
        new("adamw, a group with its rate", p => optim.AdamW(p, weight_decay: 0.01), new AdamWOptions(), p => new AdamW.ParamGroup { Parameters = p, Options = new() { LearningRate = 5e-3 } }),
        new("adamw, a group with some options", p => optim.AdamW(p, 2e-3, amsgrad: true), new AdamWOptions { LearningRate = 2e-3, WeightDecay = 0, Amsgrad = true }, p => new AdamW.ParamGroup { Parameters = p, Options = new() { beta2 = 0.9, weight_decay = 0.1 } }),
        new("adagrad", p => optim.Adagrad(p, 2e-3), new AdagradOptions { LearningRate = 2e-3 }, p => new Adagrad.ParamGroup { Parameters = p, Options = new() { lr_decay = 0.1, weight_decay = 0.1 } }),
        new("adadelta", p => optim.Adadelta(p, 1), new AdadeltaOptions(), p => new Adadelta.ParamGroup { Parameters = p, Options = new() { rho = 0.8, eps = 1e-4 } }),
        new("adamax", p => optim.Adamax(p, 2e-3), new AdamaxOptions(), p => new Adamax.ParamGroup { Parameters = p, Options = new() { beta1 = 0.8, weight_decay = 0.1 } }),
        new("asgd", p => optim.ASGD(p, 2e-3, lambd: 0.1, t0: 3), new AsgdOptions { LearningRate = 2e-3, Lambda = 0.1, T0 = 3 }, p => new ASGD.ParamGroup { Parameters = p, Options = new() { alpha = 0.5, weight_decay = 0.1 } }),
    ];

    public bool Maximizes => Ours is SgdOptions { Maximize: true } or RmsPropOptions { Maximize: true } or AdamOptionsBase { Maximize: true };

    public override string ToString() => Name;

    public optim.Optimizer CreateTheirs(TwoLayers model) => WithGroup(Theirs(Group is null ? model.named_parameters() : model.First), model);

    public TorchOptimizer CreateOurs(TwoLayers model) => WithGroup(Group is null ? model.Optimizer(Ours) : model.First.Optimizer(Ours), model);

    private T WithGroup<T>(T optimizer, TwoLayers model) where T : optim.Optimizer
    {
        if (Group is not null)
            optimizer.add_param_group(Group(model.Second.Select(named => named.parameter)));
        return optimizer;
    }
}
