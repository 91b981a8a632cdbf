namespace GpuOptim.Optimizers;

/// <summary>A parameter group as a state dictionary holds it.</summary>
/// <param name="Options">The hyper-parameters.</param>
/// <param name="Parameters">The names of the parameters.</param>
public sealed record GroupState(OptimizerOptions Options, IReadOnlyList<string> Parameters);
