namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A tensor of a model that is saved and loaded with its parameters, but not trained: running means of a normalization, say.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Type">Its element type, by its name in <see cref="TorchElement"/>.</param>
/// <param name="Shape">Extent in each dimension.</param>
/// <param name="Bytes">Its numbers, row by row.</param>
internal sealed record ModelBuffer(string Name, string Type, long[] Shape, byte[] Bytes);
