namespace GpuOptim.Kernels.Scaling;

/// <summary>What is known of the gradients of a step once their norm is.</summary>
internal struct GradientCheck
{
    /// <summary>The norm of the unscaled gradients.</summary>
    public double Norm;

    /// <summary>What they are multiplied by to undo the loss scale.</summary>
    public float InverseScale;

    /// <summary>What they are then multiplied by to take the norm down to a most.</summary>
    public float ClipCoefficient;

    /// <summary>Which of the last 64 steps were skipped: step t has bit t % 64.</summary>
    public ulong FoundInfs;

    /// <summary>The bit of this step.</summary>
    public int Bit;

    /// <summary>1 if this step is skipped, else 0.</summary>
    public int FoundInf;
}
