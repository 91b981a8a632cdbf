using System.CommandLine;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>The types of parameter and state, how they are rounded, and the type computed in.</summary>
/// <param name="Name">The parameter's type, behind a space how it is rounded; then, behind a plus, the state's, or behind a slash only the one computed in, if they are others.</param>
/// <param name="Element">The type of parameters and gradients.</param>
internal sealed record NumberType(string Name, ElementType Element)
{
    /// <summary>All of it in float32.</summary>
    public static NumberType Float32 { get; } = new("float32", ElementType.Float32);

    public static IReadOnlyList<NumberType> All { get; } =
    [
        Float32,
        new("float32+bfloat16", ElementType.Float32) { State = StatePrecision.BFloat16 },
        new("float32+bfloat16-stochastic", ElementType.Float32) { State = StatePrecision.BFloat16, StateRounding = StateRounding.Stochastic },
        new("float32+float16", ElementType.Float32) { State = StatePrecision.Float16 },
        new("float32+8-bit", ElementType.Float32) { State = StatePrecision.Blockwise8 },
        new("float32+8-bit-stochastic", ElementType.Float32) { State = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic },
        new("bfloat16", ElementType.BFloat16),
        new("bfloat16/float32", ElementType.BFloat16) { Compute = ComputePrecision.Float32 },
        new("bfloat16+float32", ElementType.BFloat16) { State = StatePrecision.Float32 },
        new("bfloat16+8-bit", ElementType.BFloat16) { State = StatePrecision.Blockwise8 },
        new("bfloat16-stochastic+bfloat16", ElementType.BFloat16) { Rounding = ParameterRounding.Stochastic, State = StatePrecision.BFloat16 },
        new("bfloat16-stochastic+8-bit", ElementType.BFloat16) { Rounding = ParameterRounding.Stochastic, State = StatePrecision.Blockwise8 },
        new("bfloat16-kahan+bfloat16", ElementType.BFloat16) { Rounding = ParameterRounding.Kahan, State = StatePrecision.BFloat16 },
        new("bfloat16-remainder+bfloat16", ElementType.BFloat16) { Rounding = ParameterRounding.MasterRemainder, State = StatePrecision.BFloat16 },
        new("bfloat16-remainder+8-bit", ElementType.BFloat16) { Rounding = ParameterRounding.MasterRemainder, State = StatePrecision.Blockwise8 },
        new("bfloat16-master+float32", ElementType.BFloat16) { Rounding = ParameterRounding.Master, State = StatePrecision.Float32 },
        new("float16", ElementType.Float16),
        new("float16/float32", ElementType.Float16) { Compute = ComputePrecision.Float32 },
        new("float16+float32", ElementType.Float16) { State = StatePrecision.Float32 },
    ];

    public StatePrecision State { get; private init; }

    public StateRounding StateRounding { get; private init; }

    public ParameterRounding Rounding { get; private init; }

    public ComputePrecision Compute { get; private init; }

    /// <summary>Whether all is of one type, which every optimizer takes.</summary>
    public bool IsPlain => this == new NumberType(Name, Element);

    /// <summary>Bytes of a number of state, with its part of what a block shares.</summary>
    public double StateBytes => State switch
    {
        StatePrecision.SameAsParameter => Element.Size(),
        StatePrecision.Float32 => 4,
        StatePrecision.BFloat16 => 2,
        StatePrecision.Float16 => 2 + 4.0 / 256,
        _ => 1 + 4.0 / 256,
    };

    /// <summary>Bytes of what a parameter's rounding keeps.</summary>
    public int RestBytes => Rounding switch
    {
        ParameterRounding.Kahan or ParameterRounding.MasterRemainder => 2,
        ParameterRounding.Master => 4,
        _ => 0,
    };

    /// <summary>Bytes that a step moves for a parameter: it and its states are read and written, its gradient is read, a copy that stands for it is not read itself.</summary>
    /// <param name="states">How many states there are.</param>
    public double Traffic(int states) => 3 * Element.Size() - (Rounding == ParameterRounding.Master ? Element.Size() : 0) + 2 * RestBytes + 2 * states * StateBytes;

    /// <summary>The option that takes types.</summary>
    public static Option<string[]> Option(params string[] values)
    {
        var types = CommonOptions.Many("--type", "Types of parameter and state, and of what is computed", values);
        types.AcceptOnlyFromAmong([.. All.Select(type => type.Name)]);
        return types;
    }

    /// <summary>How far three steps may lead from the formula in double, as a share: some roundings of the parameter.</summary>
    public double Tolerance => Element switch
    {
        // A step is a hundredth of the parameter at most, and of that a place of the state is lost.
        ElementType.Float32 => State switch { StatePrecision.SameAsParameter => 5e-7, StatePrecision.Blockwise8 => 2e-3, _ => 2e-4 },
        ElementType.BFloat16 => 1.2e-2,
        _ => 1.5e-3,
    };

    /// <summary>An optimizer's options with these types.</summary>
    public OptimizerOptions Of(OptimizerOptions options) => options with { StatePrecision = State, StateRounding = StateRounding, ParameterRounding = Rounding, ComputePrecision = Compute };

    /// <summary>
    /// What PyTorch calls the type of parameter and state; null if it cannot keep state of another. Its default and foreach modes round
    /// every operation to that type, its fused mode computes in float32. Both are rivals, whichever way we compute.
    /// </summary>
    public string? PyTorchName => State == StatePrecision.SameAsParameter && Rounding == ParameterRounding.Nearest ? $"{Element}".ToLowerInvariant() : null;

    /// <summary>Rounds a number to the parameter's type.</summary>
    public double Round(float value) => Element switch { ElementType.Float32 => value, ElementType.BFloat16 => (float)(BFloat16)value, _ => (double)(Half)value };
}
