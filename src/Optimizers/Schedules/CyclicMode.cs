namespace GpuOptim.Optimizers.Schedules;

/// <summary>How the height of the cycles of a <see cref="CyclicLR"/> changes.</summary>
public enum CyclicMode
{
    /// <summary>Not at all.</summary>
    Triangular,

    /// <summary>It halves from cycle to cycle.</summary>
    Triangular2,

    /// <summary>It is multiplied by gamma from step to step.</summary>
    ExponentialRange,
}
