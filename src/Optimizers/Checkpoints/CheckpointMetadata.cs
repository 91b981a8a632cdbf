using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>What a checkpoint holds besides tensors, as texts in the metadata of a <c>.safetensors</c> file.</summary>
/// <param name="Groups">The kind of optimizer, the hyper-parameters and the parameters' names of each group.</param>
/// <param name="Steps">How often each parameter that has state was updated; null where the optimizer does not count.</param>
/// <param name="Schedules">States of schedules.</param>
/// <param name="Scaler">State of the gradient scaler; null if there is none.</param>
/// <param name="AverageUpdates">How often averages of parameters were updated; null if there are none.</param>
/// <param name="Accumulation">Where in a step sums of gradients stand; null between steps.</param>
/// <param name="Digests">The XXH128 of each tensor's bytes, in hexadecimal digits.</param>
internal sealed record CheckpointMetadata(
    IReadOnlyList<(string Optimizer, HyperParameters Options, IReadOnlyList<string> Parameters)> Groups,
    IReadOnlyDictionary<string, long?> Steps,
    IReadOnlyList<ScheduleState> Schedules,
    GradientScalerState? Scaler,
    long? AverageUpdates,
    GradientAccumulationState? Accumulation,
    IReadOnlyDictionary<string, string> Digests)
{
    /// <summary>The text that holds the digest of the header.</summary>
    public const string HeaderDigest = Prefix + "header";

    private const string Prefix = "gpuoptim.", Version = "1", AccumulationText = Prefix + "accumulation";

    /// <summary>Nesting of schedules beyond which a file is refused.</summary>
    private const int MaxDepth = 32;

    /// <summary>The texts by name.</summary>
    public IEnumerable<(string Name, string Text)> ToTexts() =>
    [
        ("format", "pt"),
        (Prefix + "version", Version),
        (Prefix + "groups", Json(WriteGroups)),
        (Prefix + "steps", Json(WriteSteps)),
        (Prefix + "schedules", Json(writer => WriteSchedules(writer, Schedules))),
        (Prefix + "scaler", Json(WriteScaler)),
        (Prefix + "average_updates", AverageUpdates?.ToString(CultureInfo.InvariantCulture) ?? "null"),
        // Files of the first releases know nothing of it, and are the same where there is nothing to know.
        .. Accumulation is null ? [] : ((string, string)[])[(AccumulationText, Json(WriteAccumulation))],
        DigestsText(Digests),
    ];

    /// <summary>The text of some digests.</summary>
    public static (string Name, string Text) DigestsText(IReadOnlyDictionary<string, string> digests) => (Prefix + "digests", Json(writer => WriteDigests(writer, digests)));

    /// <summary>Reads the text of digests.</summary>
    /// <exception cref="InvalidDataException">It is missing or not as it should be.</exception>
    public static IReadOnlyDictionary<string, string> ReadDigests(IReadOnlyDictionary<string, string> texts) =>
        Read(texts, "digests", root => (IReadOnlyDictionary<string, string>)Unique(root).ToDictionary(property => property.Name, property => property.Value.GetString()!));

    /// <summary>Reads the texts.</summary>
    /// <exception cref="InvalidDataException">One is missing or not as it should be; the message names it.</exception>
    public static CheckpointMetadata Parse(IReadOnlyDictionary<string, string> texts)
    {
        if (!texts.TryGetValue(Prefix + "version", out var version))
            throw new InvalidDataException($"Metadata must have '{Prefix}version'. It is missing: the file holds no state of an optimizer");
        if (version != Version)
            throw new InvalidDataException($"Metadata '{Prefix}version' must be '{Version}'. Actual value was '{version}'");
        return new(
            Read(texts, "groups", ReadGroups),
            Read(texts, "steps", ReadSteps),
            Read(texts, "schedules", ReadSchedules),
            Read(texts, "scaler", ReadScaler),
            Read(texts, "average_updates", ReadAverageUpdates),
            texts.ContainsKey(AccumulationText) ? Read(texts, "accumulation", ReadAccumulation) : null,
            ReadDigests(texts));
    }

    private static T Read<T>(IReadOnlyDictionary<string, string> texts, string name, Func<JsonElement, T> read)
    {
        if (!texts.TryGetValue(Prefix + name, out var text))
            throw new InvalidDataException($"Metadata must have '{Prefix}{name}'. It is missing");
        try
        {
            using var document = JsonDocument.Parse(text, new() { MaxDepth = MaxDepth });
            return read(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Metadata '{Prefix}{name}' is not as it should be. {failure.Message}", failure);
        }
    }

    private static IReadOnlyList<(string, HyperParameters, IReadOnlyList<string>)> ReadGroups(JsonElement root) =>
    [
        .. root.EnumerateArray().Select(group => (
            group.GetProperty("optimizer").GetString() ?? throw new FormatException("'optimizer' is null."),
            ReadOptions(group.GetProperty("options")),
            (IReadOnlyList<string>)[.. group.GetProperty("parameters").EnumerateArray().Select(name => name.GetString() ?? throw new FormatException("A name is null."))])),
    ];

    private static HyperParameters ReadOptions(JsonElement root)
    {
        var options = new HyperParameters();
        foreach (var property in Unique(root))
        {
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.True or JsonValueKind.False: options.Add(property.Name, property.Value.GetBoolean()); break;
                case JsonValueKind.String: options.Add(property.Name, property.Value.GetString()!); break;
                case JsonValueKind.Array: options.Add(property.Name, [.. property.Value.EnumerateArray().Select(number => number.GetDouble())]); break;
                default: options.Add(property.Name, property.Value.GetDouble()); break;
            }
        }
        return options;
    }

    private static IReadOnlyDictionary<string, long?> ReadSteps(JsonElement root) =>
        Unique(root).ToDictionary(property => property.Name, property => property.Value.ValueKind == JsonValueKind.Null ? (long?)null : property.Value.GetInt64());

    private static IReadOnlyList<ScheduleState> ReadSchedules(JsonElement root) =>
    [
        .. root.EnumerateArray().Select(schedule => new ScheduleState(
            schedule.GetProperty("kind").GetString() ?? throw new FormatException("'kind' is null."),
            schedule.GetProperty("steps").GetInt32(),
            [.. schedule.GetProperty("initial").EnumerateArray().Select(rate => rate.GetDouble())],
            [.. schedule.GetProperty("rates").EnumerateArray().Select(rate => rate.GetDouble())],
            ReadSchedules(schedule.GetProperty("parts")),
            [.. schedule.GetProperty("values").EnumerateArray().Select(value => value.GetDouble())])
        {
            // Files of old have none.
            Constants = schedule.TryGetProperty("constants", out var constants) ? ReadOptions(constants) : null,
        }),
    ];

    private static GradientScalerState? ReadScaler(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Null)
            return null;
        var state = new GradientScalerState(
            root.GetProperty("scale").GetDouble(),
            root.GetProperty("growth_factor").GetDouble(),
            root.GetProperty("backoff_factor").GetDouble(),
            root.GetProperty("growth_interval").GetInt32(),
            root.GetProperty("_growth_tracker").GetInt32());
        GradientScaler.Validate(state);
        return state;
    }

    private static long? ReadAverageUpdates(JsonElement root) => root.ValueKind == JsonValueKind.Null
        ? null
        : root.GetInt64() is var updates and >= 0 ? updates : throw new FormatException($"It must be at least 0. Actual value was {root.GetInt64()}.");

    private static GradientAccumulationState ReadAccumulation(JsonElement root)
    {
        var state = new GradientAccumulationState(root.GetProperty("batches").GetInt32(), root.GetProperty("count").GetInt32());
        return state is { Batches: >= 1, Count: >= 1 } ? state : throw new FormatException($"Its numbers must be at least 1. Actual values were {state}.");
    }

    private static IEnumerable<JsonProperty> Unique(JsonElement root)
    {
        var names = new HashSet<string>();
        foreach (var property in root.EnumerateObject())
            yield return names.Add(property.Name) ? property : throw new FormatException($"'{property.Name}' must be there once.");
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            write(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void WriteSchedules(Utf8JsonWriter writer, IReadOnlyList<ScheduleState> schedules)
    {
        writer.WriteStartArray();
        foreach (var schedule in schedules)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", schedule.Kind);
            writer.WriteNumber("steps", schedule.StepCount);
            WriteNumbers(writer, "initial", schedule.InitialRates);
            WriteNumbers(writer, "rates", schedule.Rates);
            writer.WritePropertyName("parts");
            WriteSchedules(writer, schedule.Parts);
            WriteNumbers(writer, "values", schedule.Values);
            if (schedule.Constants is { } constants)
                WriteOptions(writer, "constants", constants);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IReadOnlyList<double> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
            writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    private static void WriteOptions(Utf8JsonWriter writer, string name, HyperParameters options)
    {
        writer.WriteStartObject(name);
        foreach (var (option, value) in options.Values)
        {
            switch (value)
            {
                case double number: writer.WriteNumber(option, number); break;
                case bool flag: writer.WriteBoolean(option, flag); break;
                case double[] numbers: WriteNumbers(writer, option, numbers); break;
                default: writer.WriteString(option, (string)value); break;
            }
        }
        writer.WriteEndObject();
    }

    private void WriteGroups(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var (optimizer, options, parameters) in Groups)
        {
            writer.WriteStartObject();
            writer.WriteString("optimizer", optimizer);
            WriteOptions(writer, "options", options);
            writer.WriteStartArray("parameters");
            foreach (var parameter in parameters)
                writer.WriteStringValue(parameter);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private void WriteSteps(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, step) in Steps)
        {
            if (step is { } count)
                writer.WriteNumber(name, count);
            else
                writer.WriteNull(name);
        }
        writer.WriteEndObject();
    }

    private void WriteScaler(Utf8JsonWriter writer)
    {
        if (Scaler is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        writer.WriteNumber("scale", Scaler.Scale);
        writer.WriteNumber("growth_factor", Scaler.GrowthFactor);
        writer.WriteNumber("backoff_factor", Scaler.BackoffFactor);
        writer.WriteNumber("growth_interval", Scaler.GrowthInterval);
        writer.WriteNumber("_growth_tracker", Scaler.GrowthTracker);
        writer.WriteEndObject();
    }

    private void WriteAccumulation(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("batches", Accumulation!.Batches);
        writer.WriteNumber("count", Accumulation.Count);
        writer.WriteEndObject();
    }

    private static void WriteDigests(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> digests)
    {
        writer.WriteStartObject();
        foreach (var (name, digest) in digests)
            writer.WriteString(name, digest);
        writer.WriteEndObject();
    }
}
