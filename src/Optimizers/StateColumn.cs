namespace GpuOptim.Optimizers;

/// <summary>A tensor of state as it lies in memory and in dictionaries: a slot's numbers, the scales of their blocks, or what a parameter's rounding keeps.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Slot">The slot that it is of; -1 for what is of the parameter.</param>
internal sealed record StateColumn(string Name, StateColumnKind Kind, int Slot = -1)
{
    /// <summary>What follows a slot's name in that of its scales.</summary>
    private const string ScaleSuffix = "_scale";

    /// <summary>The columns of some slots: these, their scales in the same order, and what roundings keep.</summary>
    public static StateColumn[] For(IReadOnlyList<string> slots) =>
    [
        .. slots.Select((name, slot) => new StateColumn(name, StateColumnKind.Numbers, slot)),
        .. slots.Select((name, slot) => new StateColumn(name + ScaleSuffix, StateColumnKind.Scales, slot)),
        new("compensation", StateColumnKind.Compensation),
        new("remainder", StateColumnKind.Remainder),
        new("master", StateColumnKind.Master),
    ];
}
