namespace GpuOptim.Optimizers;

/// <summary>Where a parameter lies in a tensor of a checkpoint.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">The tensor's extent in each dimension.</param>
/// <param name="Start">Its first element that the parameter has.</param>
internal readonly record struct TensorPlace(string Name, IReadOnlyList<long> Shape, long Start);
