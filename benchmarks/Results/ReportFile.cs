using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GpuOptim.Benchmarks.Results;

/// <summary>Reads and writes reports as JSON. docs/benchmarks.md describes the schema.</summary>
internal static class ReportFile
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static void Write(string path, Report report) => File.WriteAllText(path, JsonSerializer.Serialize(report, _json) + "\n");

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidOperationException">It is no report, or of a version that is not known here.</exception>
    public static Report Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("schema", out var schema)
                || schema.ValueKind != JsonValueKind.String
                || schema.GetString() != Report.SchemaName)
            {
                throw new InvalidOperationException($"{path} must be a report of these benchmarks: its 'schema' must be \"{Report.SchemaName}\".");
            }
            if (!document.RootElement.TryGetProperty("version", out var version) || !version.TryGetInt32(out var number) || number != Report.CurrentVersion)
                throw new InvalidOperationException($"The version of {path} must be {Report.CurrentVersion}. Actual value was {(version.ValueKind == JsonValueKind.Undefined ? "none" : version.GetRawText())}.");
            return JsonSerializer.Deserialize<Report>(text, _json)!;
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} cannot be read: {failure.Message}", failure);
        }
    }
}
