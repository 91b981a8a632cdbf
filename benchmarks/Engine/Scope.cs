namespace GpuOptim.Benchmarks.Engine;

/// <summary>What lives for one pass of a contest.</summary>
internal sealed class Scope : IDisposable
{
    private readonly Stack<IDisposable> _kept = [];

    /// <summary>Disposes of something at the end, the last first.</summary>
    public T Keep<T>(T disposable) where T : IDisposable
    {
        _kept.Push(disposable);
        return disposable;
    }

    /// <summary>Does something at the end.</summary>
    public void Finally(Action action) => _kept.Push(new Last(action));

    public void Dispose()
    {
        while (_kept.TryPop(out var disposable))
            disposable.Dispose();
    }

    private sealed class Last(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
