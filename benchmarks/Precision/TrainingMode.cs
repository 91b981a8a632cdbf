using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>A way to keep parameters, their gradients and their state in memory.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="ParameterType">The type of parameters and gradients.</param>
/// <param name="State">How state lies in memory.</param>
/// <param name="StateRounding">How state is rounded.</param>
/// <param name="ParameterRounding">How bfloat16 parameters are rounded.</param>
internal sealed record TrainingMode(
    string Name,
    ElementType ParameterType,
    StatePrecision State = StatePrecision.SameAsParameter,
    StateRounding StateRounding = StateRounding.Nearest,
    ParameterRounding ParameterRounding = ParameterRounding.Nearest)
{
    /// <summary>What all others are compared with.</summary>
    public static TrainingMode Float32 { get; } = new("float32", ElementType.Float32);

    /// <summary>Float parameters of a network that computes with them rounded to bfloat16, as mixed precision does.</summary>
    public static TrainingMode Mixed { get; } = new("float32, network in bfloat16", ElementType.Float32) { NetworkIsBFloat16 = true };

    /// <summary>The same to the last bit in other memory.</summary>
    public static TrainingMode Master { get; } = new("master, float32 state", ElementType.BFloat16, StatePrecision.Float32, ParameterRounding: ParameterRounding.Master);

    /// <summary>Float parameters in two halves, of which averages are compared, too.</summary>
    public static TrainingMode Remainder { get; } = new("remainder, float32 state", ElementType.BFloat16, StatePrecision.Float32, ParameterRounding: ParameterRounding.MasterRemainder);

    /// <summary>All ways that are compared.</summary>
    public static IReadOnlyList<TrainingMode> All { get; } =
    [
        Float32,
        new("bfloat16 state", ElementType.Float32, StatePrecision.BFloat16),
        new("stochastic bfloat16 state", ElementType.Float32, StatePrecision.BFloat16, StateRounding.Stochastic),
        new("float16 state", ElementType.Float32, StatePrecision.Float16),
        new("8-bit state", ElementType.Float32, StatePrecision.Blockwise8),
        new("stochastic 8-bit state", ElementType.Float32, StatePrecision.Blockwise8, StateRounding.Stochastic),
        Mixed,
        Master,
        Remainder,
        new("remainder, bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, ParameterRounding: ParameterRounding.MasterRemainder),
        new("remainder, stochastic bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, StateRounding.Stochastic, ParameterRounding.MasterRemainder),
        new("remainder, 8-bit state", ElementType.BFloat16, StatePrecision.Blockwise8, ParameterRounding: ParameterRounding.MasterRemainder),
        new("remainder, stochastic 8-bit state", ElementType.BFloat16, StatePrecision.Blockwise8, StateRounding.Stochastic, ParameterRounding.MasterRemainder),
        new("Kahan, bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, ParameterRounding: ParameterRounding.Kahan),
        new("Kahan, stochastic bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, StateRounding.Stochastic, ParameterRounding.Kahan),
        new("stochastic, float32 state", ElementType.BFloat16, StatePrecision.Float32, ParameterRounding: ParameterRounding.Stochastic),
        new("stochastic, bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, ParameterRounding: ParameterRounding.Stochastic),
        new("stochastic, stochastic bfloat16 state", ElementType.BFloat16, StatePrecision.BFloat16, StateRounding.Stochastic, ParameterRounding.Stochastic),
        new("stochastic, 8-bit state", ElementType.BFloat16, StatePrecision.Blockwise8, ParameterRounding: ParameterRounding.Stochastic),
        new("stochastic, stochastic 8-bit state", ElementType.BFloat16, StatePrecision.Blockwise8, StateRounding.Stochastic, ParameterRounding.Stochastic),
        new("nearest, float32 state", ElementType.BFloat16, StatePrecision.Float32),
        new("pure, as PyTorch", ElementType.BFloat16),
    ];

    /// <summary>Whether the network computes with parameters rounded to bfloat16, and rounds gradients to it.</summary>
    public bool NetworkIsBFloat16 { get; init; } = ParameterType == ElementType.BFloat16;

    /// <summary>Its name with the type of parameters.</summary>
    public string FullName => this == Float32 || NetworkIsBFloat16 != (ParameterType == ElementType.BFloat16) ? Name : $"{(ParameterType == ElementType.BFloat16 ? "bfloat16" : "float32")}: {Name}";

    /// <summary>Options with this mode.</summary>
    public OptimizerOptions Apply(OptimizerOptions options, int seed) => options with
    {
        StatePrecision = State,
        StateRounding = StateRounding,
        ParameterRounding = ParameterRounding,
        RoundingSeed = seed,
    };
}
