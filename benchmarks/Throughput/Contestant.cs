using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>An optimizer in a race: its bytes are those that an update in place cannot do without.</summary>
/// <param name="Name">What to call it here and there.</param>
/// <param name="States">How many state tensors it reads and writes.</param>
/// <param name="Options">Its options, but for the types.</param>
internal sealed record Contestant(string Name, int States, OptimizerOptions Options)
{
    public static IReadOnlyList<Contestant> All { get; } =
    [
        new("sgd", 0, new SgdOptions()),
        new("momentum", 1, new SgdOptions { Momentum = 0.9 }),
        new("rmsprop", 1, new RmsPropOptions()),
        new("adam", 2, new AdamOptions()),
        new("adamw", 2, new AdamWOptions()),
    ];

    /// <summary>Makes it.</summary>
    public Optimizer Create(IEnumerable<Parameter> parameters, NumberType type) =>
        (Options with { StatePrecision = type.StatePrecision, ComputePrecision = type.ComputePrecision }).CreateOptimizer(parameters);

    /// <summary>Parameter and state read and written, gradient read.</summary>
    public int BytesPerParameter(NumberType type) => 3 * type.Element.Size() + 2 * States * type.State.Size();
}
