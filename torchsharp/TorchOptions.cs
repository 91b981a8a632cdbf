using GpuOptim.Optimizers;
using Modules = TorchSharp.Modules;

namespace GpuOptim.TorchSharp;

/// <summary>TorchSharp's hyper-parameters as ours.</summary>
internal static class TorchOptions
{
    /// <summary>An optimizer's own options with what TorchSharp's say.</summary>
    /// <exception cref="ArgumentException">They are of another optimizer, or the optimizer is several.</exception>
    public static OptimizerOptions Apply(Modules.OptimizerOptions? options, OptimizerOptions own, Optimizer optimizer)
    {
        if (optimizer is ModelOptimizer)
            throw new ArgumentException("A group of a ModelOptimizer must say its algorithm: AddGroup(parameters, options).", nameof(options));
        var applied = (own, options) switch
        {
            (_, null) => own,
            (SgdOptions sgd, Modules.SGD.Options o) => sgd with
            {
                Momentum = o.momentum ?? sgd.Momentum,
                Dampening = o.dampening ?? sgd.Dampening,
                WeightDecay = o.weight_decay ?? sgd.WeightDecay,
                Nesterov = o.nesterov ?? sgd.Nesterov,
                Maximize = o.maximize ?? sgd.Maximize,
            },
            (RmsPropOptions rmsProp, Modules.RMSProp.Options o) => rmsProp with
            {
                Alpha = o.alpha ?? rmsProp.Alpha,
                Epsilon = o.eps ?? rmsProp.Epsilon,
                Momentum = o.momentum ?? rmsProp.Momentum,
                WeightDecay = o.weight_decay ?? rmsProp.WeightDecay,
                Centered = o.centered ?? rmsProp.Centered,
                Maximize = o.maximize ?? rmsProp.Maximize,
            },
            (AdamOptions adam, Modules.Adam.Options o) => Adam(adam, o.beta1, o.beta2, o.eps, o.weight_decay, o.amsgrad, o.maximize),
            (AdamWOptions adamW, Modules.AdamW.Options o) => Adam(adamW, o.beta1, o.beta2, o.eps, o.weight_decay, o.amsgrad, o.maximize),
            (NAdamOptions nAdam, Modules.NAdam.Options o) => Moments(nAdam with { MomentumDecay = o.momentum_decay ?? nAdam.MomentumDecay }, o.beta1, o.beta2, o.eps, o.weight_decay),
            (RAdamOptions rAdam, Modules.RAdam.Options o) => Moments(rAdam, o.beta1, o.beta2, o.eps, o.weight_decay),
            (AdamaxOptions adamax, Modules.Adamax.Options o) => Moments(adamax, o.beta1, o.beta2, o.eps, o.weight_decay),
            (AdagradOptions adagrad, Modules.Adagrad.Options o) => adagrad with
            {
                LearningRateDecay = o.lr_decay ?? adagrad.LearningRateDecay,
                InitialAccumulatorValue = o.initial_accumulator_value ?? adagrad.InitialAccumulatorValue,
                Epsilon = o.eps ?? adagrad.Epsilon,
                WeightDecay = o.weight_decay ?? adagrad.WeightDecay,
            },
            (AdadeltaOptions adadelta, Modules.Adadelta.Options o) => adadelta with
            {
                Rho = o.rho ?? adadelta.Rho,
                Epsilon = o.eps ?? adadelta.Epsilon,
                WeightDecay = o.weight_decay ?? adadelta.WeightDecay,
                Maximize = o.maximize ?? adadelta.Maximize,
            },
            (AsgdOptions asgd, Modules.ASGD.Options o) => asgd with
            {
                Lambda = o.lambd ?? asgd.Lambda,
                Alpha = o.alpha ?? asgd.Alpha,
                T0 = o.t0 ?? asgd.T0,
                WeightDecay = o.weight_decay ?? asgd.WeightDecay,
                Maximize = o.maximize ?? asgd.Maximize,
            },
            (RpropOptions rprop, Modules.Rprop.Options o) => rprop with
            {
                EtaMinus = o.etaminus ?? rprop.EtaMinus,
                EtaPlus = o.etaplus ?? rprop.EtaPlus,
                MinStepSize = o.min_step ?? rprop.MinStepSize,
                MaxStepSize = o.max_step ?? rprop.MaxStepSize,
            },
            // Of no kind, but a rate.
            _ when options.GetType() == typeof(Modules.OptimizerOptions) => own,
            _ => throw new ArgumentException($"options must be of {optimizer.GetType().Name}. Actual type was {options.GetType()}.", nameof(options)),
        };
        return options?.LearningRate is { } rate ? applied with { LearningRate = rate } : applied;
    }

    private static MomentOptions Adam(AdamOptionsBase own, double? beta1, double? beta2, double? epsilon, double? weightDecay, bool? amsgrad, bool? maximize) =>
        Moments(own with { Amsgrad = amsgrad ?? own.Amsgrad, Maximize = maximize ?? own.Maximize }, beta1, beta2, epsilon, weightDecay);

    private static MomentOptions Moments(MomentOptions own, double? beta1, double? beta2, double? epsilon, double? weightDecay) => own with
    {
        Beta1 = beta1 ?? own.Beta1,
        Beta2 = beta2 ?? own.Beta2,
        Epsilon = epsilon ?? own.Epsilon,
        WeightDecay = weightDecay ?? own.WeightDecay,
    };
}
