namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="AdamW"/>: Adam's, with a weight decay of 0.01, as in PyTorch.</summary>
public sealed record AdamWOptions : AdamOptionsBase
{
    /// <summary>PyTorch's defaults.</summary>
    public AdamWOptions() => WeightDecay = 1e-2;
}
