namespace GpuOptim;

/// <summary>How weights are kept small. In the formulas <c>lr</c> is the learning rate, <c>wd</c> the weight decay and <c>u</c> what is subtracted.</summary>
public enum WeightDecayMode
{
    /// <summary>An L2 penalty on the loss: <c>g = g + wd * p</c>. Default of all optimizers but those named below.</summary>
    L2,

    /// <summary>
    /// Apart from the gradient: <c>p = p * (1 - lr * wd)</c>. Default of AdamW, Lion and Muon. I. Loshchilov and F. Hutter, 2019, https://arxiv.org/abs/1711.05101.
    /// </summary>
    Decoupled,

    /// <summary>
    /// Decoupled, but only where the step makes the weight smaller, too: <c>p = p - lr * wd * (u * p >= 0) * p</c>. L. Chen et al., 2025, https://arxiv.org/abs/2510.12402.
    /// </summary>
    Cautious,

    /// <summary>Decoupled, and independent of the learning rate: <c>p = p * (1 - wd)</c>. M. Wortsman et al., 2023, https://arxiv.org/abs/2309.14322.</summary>
    Independent,
}
