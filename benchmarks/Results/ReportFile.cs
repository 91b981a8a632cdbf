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
            var report = JsonSerializer.Deserialize<Report>(text, _json)!;
            if (Damage(report) is { } damage)
                throw new InvalidOperationException($"{path} is damaged: {damage}");
            return report;
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>What is wrong with the numbers of a report; null if nothing is.</summary>
    private static string? Damage(Report report)
    {
        foreach (var (_, race) in report.Races())
        {
            foreach (var (name, table) in race.Figures.Select(figure => (figure.Subject, figure.Seconds)).Prepend(("clock", race.Clock)))
            {
                if (table.Length == 0 || table.Length != report.Plan.Passes || !table.All(IsWhole))
                    return $"'{name}' of '{race.Name}' must have {report.Plan.Passes} passes of {report.Plan.Rounds} positive times.";
            }
        }
        return null;

        bool IsWhole(double[]? pass) => pass is { Length: > 0 } && pass.Length == report.Plan.Rounds && pass.All(seconds => seconds > 0 && double.IsFinite(seconds));
    }
}
