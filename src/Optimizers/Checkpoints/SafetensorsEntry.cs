namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>A tensor in a <c>.safetensors</c> file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type as the format writes it, for instance <c>F32</c>.</param>
/// <param name="Shape">Extent in each dimension.</param>
/// <param name="Start">Where in the file its bytes begin.</param>
/// <param name="Length">How many bytes there are.</param>
internal sealed record SafetensorsEntry(string Name, string Type, long[] Shape, long Start, long Length);
