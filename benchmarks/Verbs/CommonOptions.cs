using System.CommandLine;
using GpuOptim.Benchmarks.Html;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>What every command that measures takes: what to measure on, whom beside, how often, and where to write it.</summary>
internal sealed class CommonOptions
{
    public const string JsonName = "--json";
    public const string HtmlName = "--html";

    /// <summary>How often each is measured if nothing else is said.</summary>
    public static readonly Plan DefaultPlan = new(Passes: 5, Rounds: 3, SecondsEach: 0.05, CacheState.Kept);

    private readonly Option<string> _device;
    private readonly Option<int[]> _threads;
    private readonly Option<int> _vectorBits;
    private readonly Option<string[]> _rivals;
    private readonly Option<string> _python;
    private readonly Option<int> _passes;
    private readonly Option<int> _rounds;
    private readonly Option<double> _seconds;
    private readonly Option<CacheState> _cache;
    private readonly Option<FileInfo?> _json = new(JsonName) { Description = "Write every measurement to this file" };
    private readonly Option<FileInfo?> _html = new(HtmlName) { Description = "Write a page to this file" };

    /// <summary>Options whose defaults are a verb's.</summary>
    public CommonOptions(Verb verb)
    {
        _device = new("--device") { Description = "simd, cuda or ilgpu-cpu", DefaultValueFactory = _ => SimdDevice.DeviceName };
        _device.AcceptOnlyFromAmong(SimdDevice.DeviceName, "cuda", "ilgpu-cpu");
        _threads = Many("--threads", "Numbers of threads, ours and rivals'", [.. verb.Threads]);
        _threads.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !int.TryParse(token.Value, out var threads) || threads < 1))
                result.AddError($"--threads must be at least 1. Actual value was '{token.Value}'.");
        });
        _vectorBits = new("--vector-bits") { Description = "Our vector width", DefaultValueFactory = _ => SimdDevice.VectorWidths[0] };
        _vectorBits.AcceptOnlyFromAmong([.. SimdDevice.VectorWidths.Select(bits => $"{bits}")]);
        _rivals = Many("--against", "Who else runs in the same rounds: " + string.Join(", ", Bench.RivalNames), verb.Rivals.ToArray());
        _rivals.AcceptOnlyFromAmong([.. Bench.RivalNames]);
        _python = new("--python") { Description = "The Python that has torch", DefaultValueFactory = _ => "python3" };
        _passes = AtLeast(2, "--passes", "How often all is set up anew, in memory of its own", DefaultPlan.Passes);
        _rounds = Positive("--rounds", "Rounds in a pass; every round runs each once", DefaultPlan.Rounds);
        _seconds = new("--seconds-each") { Description = "Work is repeated to fill at least half of this", DefaultValueFactory = _ => DefaultPlan.SecondsEach };
        _seconds.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is >= 0 and <= 60))
                result.AddError($"--seconds-each must be from 0 to 60. Actual value was {string.Join(' ', result.Tokens.Select(token => token.Value))}.");
        });
        _cache = new("--cache") { Description = "Whether caches hold what the same work left there, or are flushed before each; on a card flushed if not said otherwise", DefaultValueFactory = _ => DefaultPlan.Cache };
    }

    /// <summary>An option that takes several values.</summary>
    public static Option<T[]> Many<T>(string name, string description, T[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>An option that takes a number from one on.</summary>
    public static Option<int> Positive(string name, string description, int value) => AtLeast(1, name, description, value);

    private static Option<int> AtLeast(int least, string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => int.TryParse(token.Value, out var number) && number < least))
                result.AddError($"{name} must be at least {least}. Actual value was {token.Value}.");
        });
        return option;
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _device, _threads, _vectorBits, _rivals, _python, _passes, _rounds, _seconds, _cache, _json, _html })
            command.Add(option);
    }

    public Plan Plan(ParseResult result) => new(result.GetValue(_passes), result.GetValue(_rounds), result.GetValue(_seconds), Cache(result));

    /// <summary>Tries what is written at the end.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void TryFiles(ParseResult result)
    {
        foreach (var file in new[] { result.GetValue(_json), result.GetValue(_html) }.OfType<FileInfo>())
            file.OpenWrite().Dispose();
    }

    /// <summary>Opens what is measured on.</summary>
    public Bench Open(ParseResult result) => new(
        result.GetRequiredValue(_device),
        result.GetRequiredValue(_threads),
        result.GetValue(_vectorBits),
        result.GetRequiredValue(_rivals),
        rivalsMustBeThere: result.GetResult(_rivals) is { Implicit: false },
        result.GetRequiredValue(_python),
        flushes: Cache(result) == CacheState.Flushed);

    /// <summary>The same for those that open the same.</summary>
    public string Key(ParseResult result) => string.Join('|',
    [
        result.GetRequiredValue(_device),
        .. result.GetRequiredValue(_threads).Select(threads => $"{threads}"),
        $"{result.GetValue(_vectorBits)}",
        .. result.GetRequiredValue(_rivals),
        result.GetRequiredValue(_python),
        $"{Cache(result)}",
    ]);

    /// <summary>As practice has it: an engine's other work flushes a card's cache, if nothing else is said.</summary>
    private CacheState Cache(ParseResult result) =>
        result.GetResult(_cache) is { Implicit: false } || result.GetRequiredValue(_device) == SimdDevice.DeviceName ? result.GetValue(_cache) : CacheState.Flushed;

    /// <summary>Writes what was measured where the command line says.</summary>
    public void Write(ParseResult result, Report report)
    {
        if (result.GetValue(_json) is { } json)
            ReportFile.Write(json.FullName, report);
        if (result.GetValue(_html) is { } html)
            HtmlReport.Write(html.FullName, report);
    }
}
