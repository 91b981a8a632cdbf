using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>An optimizer in a race: its bytes are those that an update in place cannot do without.</summary>
/// <param name="Name">What to call it here and there.</param>
/// <param name="States">How many state tensors it reads and writes.</param>
/// <param name="Create">Makes it.</param>
internal sealed record Contestant(string Name, int States, Func<IEnumerable<Parameter>, StatePrecision, Optimizer> Create)
{
    public static IReadOnlyList<Contestant> All { get; } =
    [
        new("sgd", 0, (parameters, precision) => new Sgd(parameters, new() { StatePrecision = precision })),
        new("momentum", 1, (parameters, precision) => new Sgd(parameters, new() { Momentum = 0.9, StatePrecision = precision })),
        new("rmsprop", 1, (parameters, precision) => new RmsProp(parameters, new() { StatePrecision = precision })),
        new("adam", 2, (parameters, precision) => new Adam(parameters, new() { StatePrecision = precision })),
        new("adamw", 2, (parameters, precision) => new AdamW(parameters, new() { StatePrecision = precision })),
    ];

    /// <summary>Parameter and state read and written, gradient read.</summary>
    public int BytesPerParameter(NumberType type) => 3 * type.Element.Size() + 2 * States * type.State.Size();
}
