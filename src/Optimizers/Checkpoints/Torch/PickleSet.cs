namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A set or a frozen set in a pickle. Nobody asks what is in one, so that items are not compared.</summary>
/// <param name="items">The items.</param>
internal sealed class PickleSet(PickleList items)
{
    public PickleList Items { get; } = items;

    public override string ToString() => $"a set of {Items.Count}";
}
