namespace GpuOptim.Optimizers;

/// <summary>What an optimizer remembers of one parameter.</summary>
/// <param name="Step">How often the parameter was updated; null for optimizers that do not count, as in PyTorch.</param>
/// <param name="Tensors">State tensors by name.</param>
public sealed record ParameterState(long? Step, IReadOnlyDictionary<string, StateTensor> Tensors)
{
    /// <summary>A state tensor.</summary>
    /// <param name="name">Its name, for instance <c>exp_avg</c>.</param>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public StateTensor this[string name] => Tensors[name];

    /// <summary>The names of all there is, as PyTorch's state dictionary lists them.</summary>
    public IEnumerable<string> Names => Step is null ? Tensors.Keys : Tensors.Keys.Prepend("step");
}
