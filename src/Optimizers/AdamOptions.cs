namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adam"/>, with PyTorch's defaults.</summary>
public sealed record AdamOptions : AdamOptionsBase;
