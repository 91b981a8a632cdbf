using VirtualCard.Driver.Cards;
using VirtualCard.Driver.Graphs;
using VirtualCard.Driver.Scheduling;
using VirtualCard.Memory;

namespace VirtualCard.Driver;

/// <summary>All that the driver knows, behind one lock.</summary>
internal static class Machine
{
    /// <summary>CUDA 12.8, and what it takes of PTX.</summary>
    public const int Version = 12080;

    public const double PtxVersion = 8.7;

    private static (int Count, string? Architecture, ulong Seed)? _settings;

    private static long _lastCall;

    /// <summary>Held in every call, but not while functions of the host run.</summary>
    public static object Gate { get; } = new();

    public static bool IsInitialized { get; private set; }

    public static Card[] Cards { get; private set; } = [];

    public static AddressSpace Memory { get; } = new();

    public static HostMemory HostMemory { get; } = new();

    public static DeviceMemory DeviceMemory { get; } = new();

    public static Handles Handles { get; } = new();

    public static Scheduler Scheduler { get; } = new();

    public static Captures Captures { get; } = new();

    public static Reports Reports { get; } = new();

    public static Options Options { get; } = new();

    public static Counters Counters { get; private set; } = new();

    public static LaunchCounts LaunchCounts { get; private set; } = new();

    /// <summary>The call that is under way.</summary>
    public static CallId Call { get; set; }

    public static void Begin(string call)
    {
        Call = new(call, ++_lastCall);
        Counters.Count(call);
    }

    public static void ResetCounters() => (Counters, LaunchCounts) = (new() { PeakBytes = Cards.Sum(card => card.UsedBytes) }, new());

    /// <summary>Plugs in the cards that the environment asks for, if nobody has said which.</summary>
    public static void Initialize()
    {
        if (IsInitialized)
            return;
        var (count, architecture, seed) = _settings ?? (
            int.TryParse(Environment.GetEnvironmentVariable("VIRTUAL_CARD_COUNT"), out var cards) ? cards : 1,
            Environment.GetEnvironmentVariable("VIRTUAL_CARD"),
            ulong.TryParse(Environment.GetEnvironmentVariable("VIRTUAL_CARD_SEED"), out var number) ? number : 0);
        var model = CardModel.Find(architecture);
        Cards = [.. Enumerable.Range(0, count).Select(ordinal => new Card(ordinal, model))];
        Scheduler.Seed(seed);
        IsInitialized = true;
        ExitReport.Register();
    }

    /// <summary>Unplugs the cards; the next initialization takes these.</summary>
    public static void Reset(int count, string? architecture, ulong seed)
    {
        CardModel.Find(architecture);
        _settings = (count, architecture, seed);
        IsInitialized = false;
        Cards = [];
    }

    /// <exception cref="DriverException">There is none with this number.</exception>
    public static Card FindCard(int ordinal) => ordinal >= 0 && ordinal < Cards.Length ? Cards[ordinal]
        : throw new DriverException(Result.InvalidDevice, $"there is no card {ordinal}, only {Cards.Length} of them");

    /// <summary>All that lives, a line each.</summary>
    public static IEnumerable<string> Living() => LivingIn(null);

    /// <summary>All that lives in a context, or anywhere.</summary>
    public static IEnumerable<string> LivingIn(CardContext? context) =>
    [
        .. Handles.Living.Where(item => IsMade(item) && (context is null || item.Context == context)).Select(item => $"{item} of {item.CreatedBy}"),
        .. DeviceMemory.Living.Where(block => context is null || block.Context == context).Select(block => block.ToString()),
        .. HostMemory.Living.Where(block => context is null || block.Context == context).Select(block => block.ToString()),
    ];

    /// <summary>All that lives, a line for each context: there may be hundreds of modules.</summary>
    public static IEnumerable<string> Summary() => Handles.Living.Where(item => item is CardContext or Graph).Select(item =>
    {
        var parts = item is CardContext context ? PartsOf(context).GroupBy(kind => kind).Select(group => $"{group.Count()} x {group.Key}").ToArray() : [];
        return $"{item} of {item.CreatedBy}{(parts.Length > 0 ? $" with {string.Join(", ", parts)}" : "")}";
    });

    private static IEnumerable<string> PartsOf(CardContext context) =>
    [
        .. context.Children.Where(IsMade).Select(item => item.Kind),
        .. DeviceMemory.Living.Where(block => block.Context == context).Select(_ => "device memory"),
        .. HostMemory.Living.Where(block => block.Context == context).Select(_ => "page-locked memory"),
    ];

    // Not what comes and goes with something else.
    private static bool IsMade(DriverObject item) => item is not (DriverFunction or GraphNode or CardStream { Role: not StreamRole.Created });
}
