namespace GpuOptim.Distributed;

/// <summary>What becomes of the gradients of all ranks.</summary>
public enum GradientReduction
{
    /// <summary>They are added up.</summary>
    Sum,

    /// <summary>They are added up and divided by the number of ranks, as PyTorch's <c>DistributedDataParallel</c> does.</summary>
    Mean,
}
