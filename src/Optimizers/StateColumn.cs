using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers;

/// <summary>A tensor of state as it lies in memory and in dictionaries: a slot's numbers, the scales of their blocks, or what a parameter's rounding keeps.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
internal sealed record StateColumn(string Name, StateColumnKind Kind)
{
    /// <summary>What follows a slot's name in that of its scales.</summary>
    private const string ScaleSuffix = "_scale";

    /// <summary>What roundings keep.</summary>
    public static IReadOnlyList<StateColumn> Rests { get; } =
    [
        Rest("compensation", ParameterRounding.Kahan, ElementType.BFloat16),
        Rest("remainder", ParameterRounding.MasterRemainder, ElementType.UInt16),
        Rest("master", ParameterRounding.Master, ElementType.Float32),
    ];

    /// <summary>The slot that it is of; -1 for what a rounding keeps.</summary>
    public int Slot { get; private init; } = -1;

    /// <summary>The rounding that keeps it; Nearest for what is of a slot.</summary>
    public ParameterRounding Rounding { get; private init; }

    /// <summary>Which elements share a number of the slot.</summary>
    public StateShape Shape { get; private init; }

    /// <summary>The type of what a rounding keeps, of scales, and of numbers that elements share.</summary>
    public ElementType Type { get; private init; } = ElementType.Float32;

    /// <summary>The columns of some slots: these, their scales in the same order, and what roundings keep.</summary>
    public static StateColumn[] For(IReadOnlyList<(string Name, StateShape Shape)> slots) =>
    [
        .. slots.Select((each, slot) => new StateColumn(each.Name, StateColumnKind.Numbers) { Slot = slot, Shape = each.Shape }),
        .. slots.Select((each, slot) => new StateColumn(each.Name + ScaleSuffix, StateColumnKind.Scales) { Slot = slot, Shape = each.Shape }),
        .. Rests,
    ];

    /// <summary>Whether it has a number for each element.</summary>
    public bool IsOfElements => Kind != StateColumnKind.Scales && Shape is StateShape.Elements or StateShape.ElementsOfVectors;

    /// <summary>Whether a parameter of a shape can have it.</summary>
    public bool IsFor(IReadOnlyList<long> shape) => Shape switch
    {
        StateShape.Rows or StateShape.Columns => shape.Count > 1,
        StateShape.ElementsOfVectors => shape.Count < 2,
        _ => true,
    };

    /// <summary>How many elements of a parameter, or of a part of one, share a number; but for those of columns they are neighbors.</summary>
    /// <param name="shape">The parameter's shape.</param>
    public int ElementsEach(IReadOnlyList<long> shape) => (Kind, Shape) switch
    {
        (StateColumnKind.Scales, _) => EncodedStretch.BlockLength,
        (_, StateShape.Neurons) => checked((int)shape.Skip(1).Aggregate(1L, (product, extent) => product * extent)),
        (_, StateShape.Rows) => checked((int)shape[^1]),
        (_, StateShape.Columns) => checked((int)shape[^2]),
        _ => 1,
    };

    /// <summary>The shape that it has for a parameter.</summary>
    /// <param name="shape">The parameter's shape.</param>
    public long[] ShapeFor(IReadOnlyList<long> shape) => (Kind, Shape) switch
    {
        (StateColumnKind.Scales, _) => [EncodedStretch.Blocks(Parameter.Volume(Name, [.. shape]))],
        (_, StateShape.Neurons) => [.. shape.Select((extent, dimension) => dimension == 0 ? extent : 1)],
        (_, StateShape.Rows) => [.. shape.SkipLast(1), 1],
        (_, StateShape.Columns) => [.. shape.SkipLast(2), 1, shape[^1]],
        _ => [.. shape],
    };

    /// <summary>What a rounding keeps; null if it keeps nothing.</summary>
    public static StateColumn? RestOf(ParameterRounding rounding) => Rests.FirstOrDefault(rest => rest.Rounding == rounding);

    private static StateColumn Rest(string name, ParameterRounding rounding, ElementType type) => new(name, StateColumnKind.Rest) { Rounding = rounding, Type = type };
}
