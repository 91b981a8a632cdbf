namespace GpuOptim.Kernels.Ilgpu;

/// <summary>What a thread does in a round of a loop over elements.</summary>
/// <param name="Elements">How many it takes.</param>
/// <param name="Loads">How often it loads from global memory.</param>
/// <param name="Stores">How often it stores there.</param>
internal readonly record struct GpuWork(int Elements, int Loads, int Stores);
