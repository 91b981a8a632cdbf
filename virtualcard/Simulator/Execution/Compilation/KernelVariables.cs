using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>Where parameters lie: those of the kernel in its parameter block, those of calls in each thread's own memory.</summary>
internal sealed class KernelVariables
{
    private readonly Dictionary<Variable, int> _ofKernel = [], _ofCalls = [];

    public KernelVariables(Function entry, IEnumerable<Variable> variables)
    {
        var offset = 0;
        foreach (Variable parameter in entry.Parameters)
        {
            offset = (offset + parameter.Align - 1) / parameter.Align * parameter.Align;
            _ofKernel[parameter] = offset;
            Parameters.Add(new(parameter.Name, offset, (int)parameter.Size));
            offset += (int)parameter.Size;
        }
        ParameterBytes = offset;
        offset = 0;
        const int Align = 16;
        foreach (var variable in variables.Where(variable => variable.Space == StateSpace.Param).Distinct())
        {
            _ofCalls[variable] = offset;
            offset = (offset + (int)variable.Size + Align - 1) / Align * Align;
        }
        CallBytes = offset;
    }

    public List<KernelParameter> Parameters { get; } = [];

    public int ParameterBytes { get; }

    /// <summary>Of a thread.</summary>
    public int CallBytes { get; }

    public bool TryGetKernelParameter(Variable variable, out int offset) => _ofKernel.TryGetValue(variable, out offset);

    public int OfCall(Variable variable) => _ofCalls.TryGetValue(variable, out var offset) ? offset : throw new PtxException($"unknown .param variable {variable.Name}");
}
