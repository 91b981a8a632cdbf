namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Memory that tensors of a PyTorch file look into.</summary>
/// <param name="Key">What the file calls it.</param>
/// <param name="Element">The type of its elements.</param>
/// <param name="Count">How many there are.</param>
internal sealed record TorchStorage(string Key, TorchElement Element, long Count)
{
    /// <summary>How many bytes it has.</summary>
    public long Length => checked(Count * Element.Size);

    public override string ToString() => $"a storage of {Count} {Element.Name}";
}
