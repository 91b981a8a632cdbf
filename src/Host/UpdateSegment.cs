namespace GpuOptim.Host;

/// <summary>One tensor in the table of a fused update: where its numbers lie.</summary>
/// <param name="Parameter">Address of the parameter.</param>
/// <param name="State0">Address of the first state tensor; 0 where it is not in use.</param>
/// <param name="State1">Address of the second; 0 where it is not in use.</param>
/// <param name="State2">Address of the third; 0 where it is not in use.</param>
/// <param name="Length">How many elements each has.</param>
public readonly record struct UpdateSegment(nint Parameter, nint State0, nint State1, nint State2, long Length)
{
    /// <summary>Address of the parameter's average, which the update takes the new parameter into; 0 where there is none.</summary>
    internal nint Average { get; init; }
}
