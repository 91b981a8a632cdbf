using System.Globalization;
using System.Text.Json;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <summary>A file that one rank wrote of a checkpoint, as the rank tells the others.</summary>
/// <param name="Name">Its name, within the index's folder.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Header">The digest of its header, which has those of its tensors.</param>
/// <param name="Pieces">The names of its tensors.</param>
internal sealed record ShardFile(string Name, long Length, string Header, IReadOnlyList<string> Pieces)
{
    /// <summary>The text of a file's metadata that says of which save it is.</summary>
    public const string SaveKey = "gpuoptim.save";

    /// <summary>What a piece of a tensor is called in a file.</summary>
    public static string PieceName(string tensor, long start, long end) => string.Create(CultureInfo.InvariantCulture, $"{tensor}[{start}..{end}]");

    /// <summary>Of which tensor a piece is, and where in it.</summary>
    /// <exception cref="InvalidDataException">It is no name of a piece.</exception>
    public static (string Tensor, long Start, long End) Parse(string piece)
    {
        var open = piece.LastIndexOf('[');
        var dots = piece.LastIndexOf("..", StringComparison.Ordinal);
        return open >= 0 && dots > open && piece[^1] == ']'
            && long.TryParse(piece.AsSpan(open + 1, dots - open - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && long.TryParse(piece.AsSpan(dots + 2, piece.Length - dots - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var end)
                ? (piece[..open], start, end)
                : throw new InvalidDataException($"A piece must be called NAME[START..END]. Actual name was '{piece}'");
    }

    /// <summary>What a rank has written.</summary>
    public static ShardFile Of(string name, SafetensorsFile file) => new(name, file.Length, FileRun.ThrowIfHeaderIsDamaged(file), [.. file.Entries.Keys]);

    /// <summary>It as a text.</summary>
    public string ToText()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            WriteTo(writer);
            writer.WriteStartArray("pieces");
            foreach (var piece in Pieces)
                writer.WriteStringValue(piece);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads such a text.</summary>
    public static ShardFile OfText(string text)
    {
        using var document = JsonDocument.Parse(text);
        return Of(document.RootElement) with { Pieces = [.. document.RootElement.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()!)] };
    }

    /// <summary>Writes what an index has of it.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteString("name", Name);
        writer.WriteNumber("length", Length);
        writer.WriteString("header", Header);
    }

    /// <summary>Reads what an index has of it.</summary>
    public static ShardFile Of(JsonElement element) => new(
        element.GetProperty("name").GetString() ?? throw new FormatException("'name' is null."),
        element.GetProperty("length").GetInt64(),
        element.GetProperty("header").GetString() ?? throw new FormatException("'header' is null."),
        []);
}
