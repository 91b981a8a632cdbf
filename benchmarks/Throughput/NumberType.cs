using System.CommandLine;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>The types of parameter and state, and the one computed in.</summary>
/// <param name="Name">The parameter's type; then, behind a plus, the state's and the one computed in, or behind a slash only the latter, if they are others.</param>
/// <param name="Element">The type of parameters and gradients.</param>
/// <param name="State">The type of the state.</param>
/// <param name="Compute">The type that every operation rounds to.</param>
internal sealed record NumberType(string Name, ElementType Element, ElementType State, ElementType Compute)
{
    /// <summary>All of it in float32.</summary>
    public static NumberType Float32 { get; } = new("float32", ElementType.Float32, ElementType.Float32, ElementType.Float32);

    public static IReadOnlyList<NumberType> All { get; } =
    [
        Float32,
        new("bfloat16", ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16),
        new("bfloat16/float32", ElementType.BFloat16, ElementType.BFloat16, ElementType.Float32),
        new("bfloat16+float32", ElementType.BFloat16, ElementType.Float32, ElementType.Float32),
        new("float16", ElementType.Float16, ElementType.Float16, ElementType.Float16),
        new("float16/float32", ElementType.Float16, ElementType.Float16, ElementType.Float32),
        new("float16+float32", ElementType.Float16, ElementType.Float32, ElementType.Float32),
    ];

    /// <summary>The option that takes types.</summary>
    public static Option<string[]> Option(params string[] values)
    {
        var types = CommonOptions.Many("--type", "Types of parameter and state, and of what is computed", values);
        types.AcceptOnlyFromAmong([.. All.Select(type => type.Name)]);
        return types;
    }

    /// <summary>How far three steps may lead from the formula in double, as a share: some roundings of the parameter.</summary>
    public double Tolerance => Element switch { ElementType.Float32 => 5e-7, ElementType.BFloat16 => 1.2e-2, _ => 1.5e-3 };

    public StatePrecision StatePrecision => State == Element ? StatePrecision.SameAsParameter : StatePrecision.Float32;

    public ComputePrecision ComputePrecision => Compute == State ? ComputePrecision.SameAsState : ComputePrecision.Float32;

    /// <summary>
    /// What PyTorch calls the type of parameter and state; null if it cannot keep state of another. Its default and foreach modes round
    /// every operation to that type, its fused mode computes in float32. Both are rivals, whichever way we compute.
    /// </summary>
    public string? PyTorchName => State == Element ? $"{Element}".ToLowerInvariant() : null;

    /// <summary>Rounds a number to the parameter's type.</summary>
    public double Round(float value) => Element switch { ElementType.Float32 => value, ElementType.BFloat16 => (float)(BFloat16)value, _ => (double)(Half)value };
}
