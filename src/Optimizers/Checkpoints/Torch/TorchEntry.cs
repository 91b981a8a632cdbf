namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A stretch of a PyTorch file.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Start">Where in the file it begins.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Crc">Its CRC-32; null if the format has none.</param>
internal sealed record TorchEntry(string Name, long Start, long Length, uint? Crc);
