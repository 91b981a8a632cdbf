using GpuOptim.Optimizers;
using TorchSharp;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>TorchSharp's own optimizers.</summary>
internal static class TorchSharpOptimizers
{
    /// <summary>Whether TorchSharp has what options say. Its NAdam, RAdam and Rprop have other formulas than PyTorch's.</summary>
    /// <param name="options">The options.</param>
    public static bool Has(OptimizerOptions options) =>
        options is SgdOptions or RmsPropOptions or AdamOptionsBase or AdamaxOptions or AdagradOptions or AdadeltaOptions or AsgdOptions;

    /// <summary>The one that does what options of this library say. Its defaults are others than PyTorch's, so it is told everything.</summary>
    /// <param name="options">The options.</param>
    /// <param name="parameters">What it trains.</param>
    public static torch.optim.Optimizer Create(OptimizerOptions options, IEnumerable<TorchParameter> parameters) => options switch
    {
        SgdOptions o => torch.optim.SGD(parameters, o.LearningRate, o.Momentum, o.Dampening, o.WeightDecay, o.Nesterov, o.Maximize),
        RmsPropOptions o => torch.optim.RMSProp(parameters, o.LearningRate, o.Alpha, o.Epsilon, o.WeightDecay, o.Momentum, o.Centered, o.Maximize),
        AdamOptions o => torch.optim.Adam(parameters, o.LearningRate, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay, o.Amsgrad, o.Maximize),
        AdamWOptions o => torch.optim.AdamW(parameters, o.LearningRate, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay, o.Amsgrad, o.Maximize),
        AdamaxOptions o => torch.optim.Adamax(parameters, o.LearningRate, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay),
        AdagradOptions o => torch.optim.Adagrad(parameters, o.LearningRate, o.LearningRateDecay, o.WeightDecay, o.InitialAccumulatorValue, o.Epsilon),
        AdadeltaOptions o => torch.optim.Adadelta(parameters, o.LearningRate, o.Rho, o.Epsilon, o.WeightDecay, o.Maximize),
        AsgdOptions o => torch.optim.ASGD(parameters, o.LearningRate, o.Lambda, o.Alpha, o.T0, o.WeightDecay, o.Maximize),
        _ => throw new NotSupportedException($"options must be of an optimizer that TorchSharp has. Actual type was {options.GetType().Name}."),
    };
}
