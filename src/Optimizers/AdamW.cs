using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Adam with decoupled weight decay: <c>p = p * (1 - lr * wd) - lr * m / (sqrt(v) + eps)</c> with bias-corrected averages m of g and v of g².</summary>
/// <remarks>Equals <c>torch.optim.AdamW</c> to the last bit. State: <c>exp_avg</c>, <c>exp_avg_sq</c>; <c>max_exp_avg_sq</c>, with AMSGrad.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class AdamW(IEnumerable<Parameter> parameters, AdamWOptions? options = null)
    : AdamBase<AdamWOptions>(parameters, options ?? new());
