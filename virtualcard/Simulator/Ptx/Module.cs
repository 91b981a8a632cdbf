namespace VirtualCard.Ptx;

/// <summary>PTX text, parsed.</summary>
public sealed class Module
{
    internal Module(string text, Dictionary<string, string> directives, Dictionary<string, Function> functions, List<Variable> variables) =>
        (Text, Directives, Functions, Variables) = (text, directives, functions, variables);

    public string Text { get; }

    /// <summary>version, target, address_size: what stands behind them.</summary>
    public IReadOnlyDictionary<string, string> Directives { get; }

    public IReadOnlyDictionary<string, Function> Functions { get; }

    /// <summary>The variables of the module itself.</summary>
    public IReadOnlyList<Variable> Variables { get; }

    /// <summary>The names of its kernels.</summary>
    public IEnumerable<string> Kernels => Functions.Values.Where(function => function.IsEntry).Select(function => function.Name);

    /// <exception cref="PtxException">The text is malformed.</exception>
    public static Module Parse(string text) => new Parser(text).ParseModule();
}
