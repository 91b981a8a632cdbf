using Microsoft.Extensions.Logging;

namespace GpuOptim.Tests.Support;

/// <summary>What was logged, a line each.</summary>
internal sealed class LogListener : ILoggerFactory, ILogger
{
    private string _category = "";

    public List<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName)
    {
        _category = categoryName;
        return this;
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add($"{_category} {logLevel} {eventId.Name}: {formatter(state, exception)}{(exception is null ? "" : $": {exception.GetType().Name} {exception.Message}")}");
}
