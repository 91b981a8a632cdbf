namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>What became of the parameters and of the file's tensors.</summary>
/// <param name="Loaded">Parameters that were read.</param>
/// <param name="Missing">Parameters that the file lacks; they stayed as they were.</param>
/// <param name="Unexpected">Tensors of the file, by their names there, that are no parameters; they were left.</param>
public sealed record LoadReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected);
