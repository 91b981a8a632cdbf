using GpuOptim.Optimizers;
using static TorchSharp.torch.optim;
using Modules = TorchSharp.Modules;

namespace GpuOptim.TorchSharp;

/// <summary>A group of parameters as TorchSharp's schedulers see it; its rate is that of the optimizer's group.</summary>
public class TorchParameterGroup : Modules.ParamGroup, ILearningRateController, IMomentum
{
    private double _seen;
    private bool _nesterovWaits;

    private protected TorchParameterGroup(ParameterGroup inner, IEnumerable<Modules.Parameter> parameters, Modules.OptimizerOptions options)
    {
        (Inner, Parameters, Options) = (inner, parameters, options);
        (Options.LearningRate, Options.InitialLearningRate, _seen) = (inner.LearningRate, inner.LearningRate, inner.LearningRate);
    }

    /// <summary>The optimizer's group: all of its hyper-parameters.</summary>
    public ParameterGroup Inner { get; }

    /// <summary>Step size, for the steps to come.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public new double LearningRate
    {
        get
        {
            Synchronize();
            return Inner.LearningRate;
        }
        set
        {
            Inner.LearningRate = value;
            Options.LearningRate = _seen = value;
        }
    }

    /// <summary>Momentum, or the first beta, which is Adam's, for the steps to come.</summary>
    /// <exception cref="NotSupportedException">The optimizer has none.</exception>
    double IMomentum.Momentum
    {
        get => Inner.AnyOptions switch
        {
            MomentOptions moments => moments.Beta1,
            LionOptions lion => lion.Beta1,
            SgdOptions sgd => sgd.Momentum,
            RmsPropOptions rmsProp => rmsProp.Momentum,
            MuonOptionsBase muon => muon.Momentum,
            var other => throw WithoutMomentum(other),
        };
        set
        {
            if (Inner.AnyOptions.WithMomentum(value) is null)
                throw WithoutMomentum(Inner.AnyOptions);
            if (Inner.AnyOptions is SgdOptions sgd)
            {
                // TorchSharp's OneCycleLR ends with a momentum of 0, which Nesterov's may not be: until there is momentum again, it is plain.
                _nesterovWaits = sgd.Nesterov || (_nesterovWaits && sgd.Momentum == 0);
                Inner.AnyOptions = sgd with { Momentum = value, Nesterov = _nesterovWaits && value > 0 };
                return;
            }
            Inner.SetMomentum(value);
        }
    }

    /// <summary>A group, with betas if its optimizer has them.</summary>
    internal static TorchParameterGroup Create(ParameterGroup inner, IEnumerable<Modules.Parameter> parameters, Modules.OptimizerOptions? options = null) => inner.AnyOptions is MomentOptions
        ? new WithBetas(inner, parameters, options ?? new())
        : new TorchParameterGroup(inner, parameters, options ?? new());

    /// <summary>Brings the two rates together: whoever holds the group as TorchSharp's own type writes past the optimizer's.</summary>
    internal void Synchronize()
    {
        if (Options.LearningRate is { } rate && rate != _seen)
            LearningRate = rate;
        else
            Options.LearningRate = _seen = Inner.LearningRate;
    }

    private static NotSupportedException WithoutMomentum(OptimizerOptions options) =>
        new($"The optimizer must have momentum for a scheduler to cycle it; {options.GetType().Name} have none. Pass cycle_momentum: false.");

    private sealed class WithBetas(ParameterGroup inner, IEnumerable<Modules.Parameter> parameters, Modules.OptimizerOptions options)
        : TorchParameterGroup(inner, parameters, options), IBetas
    {
        private MomentOptions Moments => (MomentOptions)Inner.AnyOptions;

        (double, double) IBetas.Betas
        {
            get => (Moments.Beta1, Moments.Beta2);
            set => Inner.AnyOptions = Moments with { Beta1 = value.Item1, Beta2 = value.Item2 };
        }
    }
}
