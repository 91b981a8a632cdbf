namespace GpuOptim.Kernels.Scaling;

/// <summary>What is asked of a norm once it is taken, as it lies in a device's memory.</summary>
internal struct ScaleRequest
{
    /// <summary>How the loss scale adapts.</summary>
    public LossScaling Scaling;

    /// <summary>The most that the norm may be; infinite if gradients are not clipped.</summary>
    public float MaxNorm;

    /// <summary>1 if there is a loss scale, else 0.</summary>
    public int IsScaled;

    /// <summary>The bit of the step.</summary>
    public int Bit;

    /// <summary>Makes the length a whole number of doubles, here and there.</summary>
    public int Unused;
}
