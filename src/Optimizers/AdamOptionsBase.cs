using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that <see cref="Adam"/> and <see cref="AdamW"/> share, with PyTorch's defaults.</summary>
public abstract record AdamOptionsBase : MomentOptions
{
    /// <summary>Divide by the largest average of squares so far. PyTorch: <c>amsgrad</c>.</summary>
    public bool Amsgrad { get; init; }

    private protected override void SaveFlags(HyperParameters to)
    {
        to.Add("amsgrad", Amsgrad);
        base.SaveFlags(to);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AdamOptionsBase)base.Load(from) with { Amsgrad = from.Flag("amsgrad") };
}
