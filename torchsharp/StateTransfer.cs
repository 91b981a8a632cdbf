using static TorchSharp.torch.optim;

namespace GpuOptim.TorchSharp;

/// <summary>
/// TorchSharp reads a state dictionary from a stream item by item; the optimizer takes it over once all of it was read, so that a damaged one changes nothing.
/// </summary>
/// <param name="optimizer">Whose state it is.</param>
internal sealed class StateTransfer(TorchOptimizer optimizer)
{
    private int _read;

    /// <summary>What the items are of.</summary>
    public Optimizer.StateDictionary? Dictionary { get; set; }

    /// <summary>The shape of state: the parameter's, but for scalars, for numbers that elements share, and for scales.</summary>
    public long[] ShapeOf(string name, long[] shape) => optimizer.Inner.ScalarNames.Contains(name) ? [] : optimizer.Inner.ColumnOf(name)?.ShapeFor(shape) ?? shape;

    /// <summary>Counts an item that was read.</summary>
    public void Read()
    {
        if (Dictionary is { } dictionary && ++_read == dictionary.Options.Count + dictionary.State.Count)
            optimizer.load_state_dict(dictionary);
    }
}
