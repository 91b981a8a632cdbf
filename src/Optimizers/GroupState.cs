namespace GpuOptim.Optimizers;

/// <summary>A parameter group as a state dictionary holds it.</summary>
/// <param name="Optimizer">The kind of optimizer, for instance <c>AdamW</c>.</param>
/// <param name="Options">The hyper-parameters.</param>
/// <param name="Parameters">The names of the parameters.</param>
public sealed record GroupState(string Optimizer, OptimizerOptions Options, IReadOnlyList<string> Parameters);
