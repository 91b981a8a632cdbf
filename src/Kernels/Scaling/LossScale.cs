namespace GpuOptim.Kernels.Scaling;

/// <summary>A loss scale, as it lies in a device's memory.</summary>
/// <remarks>Source: PyTorch 2.13, <c>aten/src/ATen/native/cuda/AmpKernels.cu</c>, <c>amp_update_scale_cuda_kernel</c>.</remarks>
internal struct LossScale
{
    /// <summary>The scale.</summary>
    public float Scale;

    /// <summary>Steps in a row that were not skipped, since the scale grew last.</summary>
    public int GrowthTracker;

    /// <summary>Which of the last 64 steps were skipped: step t has bit t % 64.</summary>
    public ulong FoundInfs;

    /// <summary>How many steps were skipped.</summary>
    public long SkippedSteps;

    /// <summary>What scaled gradients are multiplied by.</summary>
    public readonly float InverseScale => (float)(1 / (double)Scale);

    /// <summary>The scale after a step.</summary>
    /// <param name="foundInf">Whether the step was skipped.</param>
    /// <param name="bit">The step's bit.</param>
    /// <param name="scaling">How the scale adapts.</param>
    public readonly LossScale After(bool foundInf, int bit, LossScaling scaling)
    {
        var next = this;
        if (foundInf)
        {
            next.Scale = (float)(Scale * scaling.BackoffFactor);
            next.GrowthTracker = 0;
            next.FoundInfs |= 1ul << bit;
            next.SkippedSteps++;
            return next;
        }
        next.FoundInfs &= ~(1ul << bit);
        next.GrowthTracker++;
        if (next.GrowthTracker == scaling.GrowthInterval)
        {
            var grown = (float)(Scale * scaling.GrowthFactor);
            if (grown <= float.MaxValue)
                next.Scale = grown;
            next.GrowthTracker = 0;
        }
        return next;
    }
}
