namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>What is in a PyTorch file.</summary>
/// <param name="Root">The value that was saved.</param>
/// <param name="Entries">All stretches of the file that have a CRC-32.</param>
/// <param name="Storages">Where storages are, by key.</param>
internal sealed record TorchContent(object? Root, IReadOnlyList<TorchEntry> Entries, IReadOnlyDictionary<string, TorchEntry> Storages);
