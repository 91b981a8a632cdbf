namespace GpuOptim.Optimizers;

/// <summary>What an update rule depends on besides the options.</summary>
/// <param name="Step">Which update of the parameter this is, from 1. Skipped steps do not count.</param>
/// <param name="IsFirstUse">Whether some state that is in use holds nothing yet but zeros.</param>
public readonly record struct StepInfo(long Step, bool IsFirstUse)
{
    /// <summary>The parameter's scalars as earlier updates left them.</summary>
    public StateScalars Scalars { get; init; }
}
