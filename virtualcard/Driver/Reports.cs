using System.Text;

namespace VirtualCard.Driver;

/// <summary>The findings, a line each.</summary>
internal sealed class Reports
{
    private const int MaxCount = 10_000;

    private readonly List<string> _lines = [];

    private readonly string? _file = Environment.GetEnvironmentVariable("VIRTUAL_CARD_LOG");

    public int Count => _lines.Count;

    public string this[int index] => _lines[index];

    public void Clear() => _lines.Clear();

    /// <summary>Adds a finding of the call that is under way.</summary>
    public void Add(string finding) => Add(Machine.Call, finding);

    public void Add(CallId call, string finding)
    {
        var line = $"{call}: {finding}".ReplaceLineEndings(" | ");
        if (_lines.Count < MaxCount)
            _lines.Add(line);
        Write(line);
    }

    /// <summary>Writes a line where people look; what fails there must not fail the caller.</summary>
    public void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes($"virtual card: {line}\n");
        try
        {
            if (Machine.Options.WritesToError)
            {
                // Not Console.Error: the process may have another runtime, which looks after the terminal.
                using var error = Console.OpenStandardError();
                error.Write(bytes);
            }
            if (!string.IsNullOrEmpty(_file))
            {
                using var file = new FileStream(_file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                file.Write(bytes);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
