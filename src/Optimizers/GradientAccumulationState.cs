namespace GpuOptim.Optimizers;

/// <summary>Where in a step a <see cref="GradientAccumulation"/> stands.</summary>
/// <param name="Batches">How many batches make a step.</param>
/// <param name="Count">How many were added; at least 1.</param>
internal sealed record GradientAccumulationState(int Batches, int Count);
