namespace GpuOptim.Optimizers;

/// <summary>Declares a state tensor of an optimizer, zero at first.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
/// <param name="Name">Its name in state dictionaries; PyTorch's.</param>
/// <param name="IsInUse">Whether these options need it; null means always.</param>
/// <param name="IsNonNegative">Whether its numbers are never negative, as sums of squares are: in 8 bits these have twice as many places.</param>
public sealed record StateSlot<TOptions>(string Name, Func<TOptions, bool>? IsInUse = null, bool IsNonNegative = false) where TOptions : OptimizerOptions
{
    /// <summary>How many numbers it has: one for each element of the parameter, unless some share one. A rule that goes element by element takes no other.</summary>
    public StateShape Shape { get; init; }
}
