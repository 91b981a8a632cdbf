using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>A module on a card: its variables have memory, its kernels can be launched.</summary>
/// <param name="owner">The context, as <see cref="Allocation.Owner"/> of its variables.</param>
/// <param name="contracts">Fuse mul and add where neither names a rounding, as ptxas does.</param>
public sealed class LoadedModule(Ptx.Module module, AddressSpace memory, object? owner = null, bool contracts = false) : IDisposable
{
    private readonly Dictionary<string, Kernel> _kernels = new(StringComparer.Ordinal);

    private readonly Dictionary<Variable, Allocation> _variables = Allocate(module, memory, owner);

    private readonly Lock _lock = new();

    public Ptx.Module Module => module;

    public AddressSpace Memory => memory;

    /// <exception cref="KeyNotFoundException">There is no such kernel.</exception>
    /// <exception cref="PtxException">The kernel is inconsistent, or has an instruction that is not modelled.</exception>
    public Kernel GetKernel(string name)
    {
        lock (_lock)
        {
            if (_kernels.TryGetValue(name, out var kernel))
                return kernel;
            if (!module.Functions.TryGetValue(name, out var function) || !function.IsEntry)
                throw new KeyNotFoundException($"no kernel '{name}'; module has {string.Join(", ", module.Kernels)}");
            var compiled = new CompiledKernel(LinkedKernel.Link(module, name, contracts), module, memory, variable => _variables.TryGetValue(variable, out var allocation) ? allocation.Start : null);
            return _kernels[name] = new(compiled);
        }
    }

    /// <summary>The memory of one of its .global or .const variables, or null.</summary>
    public Allocation? FindVariable(string name) => _variables.FirstOrDefault(pair => pair.Key.Name == name).Value;

    public void Dispose()
    {
        foreach (var kernel in _kernels.Values)
            kernel.Dispose();
        _kernels.Clear();
        foreach (var allocation in _variables.Values)
            memory.Remove(allocation);
        _variables.Clear();
    }

    private static unsafe Dictionary<Variable, Allocation> Allocate(Ptx.Module module, AddressSpace memory, object? owner)
    {
        Dictionary<Variable, Allocation> variables = [];
        foreach (var variable in module.Variables)
        {
            if (variable.Space is not (StateSpace.Global or StateSpace.Const) || variable.IsExtern)
                continue;
            var allocation = memory.Allocate(variable.Size, variable.Name, owner, isTracked: false);
            var bytes = new Span<byte>(allocation.Data, checked((int)allocation.Length));
            bytes.Clear();
            variable.Initial?.CopyTo(bytes);
            variables[variable] = allocation;
        }
        return variables;
    }
}
