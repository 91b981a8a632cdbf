using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Benches of several questions; those who ask for the same share one.</summary>
internal sealed class BenchPool : IDisposable
{
    private readonly Dictionary<string, Bench> _open = [];
    private readonly Scope _scope = new();

    public Bench Open(AskedQuestion question)
    {
        var key = question.Verb.Common.Key(question.Arguments);
        return _open.TryGetValue(key, out var bench) ? bench : _open[key] = _scope.Keep(question.Verb.Common.Open(question.Arguments));
    }

    public void Dispose() => _scope.Dispose();
}
