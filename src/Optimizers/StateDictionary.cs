namespace GpuOptim.Optimizers;

/// <summary>An optimizer's state on the host: PyTorch's <c>state_dict</c>, with parameters by name instead of number.</summary>
/// <param name="Groups">The parameter groups with their hyper-parameters.</param>
/// <param name="Parameters">What is remembered of each parameter that was ever updated.</param>
public sealed record StateDictionary(IReadOnlyList<GroupState> Groups, IReadOnlyDictionary<string, ParameterState> Parameters)
{
    /// <summary>What is remembered of one parameter.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <exception cref="KeyNotFoundException">Nothing is: it does not exist or was never updated.</exception>
    public ParameterState this[string parameter] => Parameters[parameter];
}
