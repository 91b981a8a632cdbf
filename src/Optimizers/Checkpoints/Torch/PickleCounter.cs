namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A <c>collections.Counter</c> to be written: how often each key is there.</summary>
/// <param name="Counts">The counts.</param>
internal sealed record PickleCounter(PickleDictionary Counts);
