using VirtualCard.Execution;

namespace VirtualCard.Driver;

/// <summary>A module of a context.</summary>
internal sealed class DriverModule(CardContext context, LoadedModule code) : DriverObject(context)
{
    private readonly Dictionary<string, DriverFunction> _functions = new(StringComparer.Ordinal);

    public LoadedModule Code => code;

    public override string Kind => "module";

    /// <exception cref="DriverException">There is no kernel of this name.</exception>
    public DriverFunction GetFunction(string name)
    {
        if (_functions.TryGetValue(name, out var function))
            return function;
        if (!code.Module.Functions.TryGetValue(name, out var declared) || !declared.IsEntry)
            throw new DriverException(Result.NotFound, $"{this} has no kernel '{name}'");
        function = new(this, declared, code.GetKernel(name));
        _functions.Add(name, function);
        return function;
    }

    protected override void OnDestroy()
    {
        foreach (var function in _functions.Values)
            function.Destroy();
        code.Dispose();
    }
}
