using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that <see cref="Adam"/> and <see cref="AdamW"/> share, with PyTorch's defaults.</summary>
public abstract record AdamOptionsBase : MomentOptions
{
    /// <summary>Divide by the largest average of squares so far. PyTorch: <c>amsgrad</c>.</summary>
    public bool Amsgrad { get; init; }

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("amsgrad", Amsgrad);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AdamOptionsBase)base.Load(from) with { Amsgrad = from.Flag("amsgrad") };
}
