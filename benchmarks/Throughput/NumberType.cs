using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>The types of parameter and state.</summary>
internal sealed record NumberType(string Name, ElementType Element, ElementType State)
{
    public static IReadOnlyList<NumberType> All { get; } =
    [
        new("float32", ElementType.Float32, ElementType.Float32),
        new("bfloat16", ElementType.BFloat16, ElementType.BFloat16),
        new("bfloat16+float32", ElementType.BFloat16, ElementType.Float32),
        new("float16", ElementType.Float16, ElementType.Float16),
        new("float16+float32", ElementType.Float16, ElementType.Float32),
    ];

    public StatePrecision Precision => State == Element ? StatePrecision.SameAsParameter : StatePrecision.Float32;
}
