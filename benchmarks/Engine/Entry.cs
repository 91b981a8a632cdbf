using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Somebody in a contest.</summary>
/// <param name="Subject">What is done.</param>
/// <param name="By">Who does it: <see cref="Figure.Ours"/>, <see cref="Figure.Yardstick"/>, or a rival's name.</param>
/// <param name="Workload">The work.</param>
/// <param name="Work">How much it is.</param>
internal sealed record Entry(string Subject, string By, IWorkload Workload, Work Work)
{
    /// <summary>What it cannot be faster than: multiples of yardsticks in the same contest.</summary>
    public IReadOnlyList<FloorRule> Floors { get; init; } = [];

    /// <summary>Checks its result before it is timed, and says what was checked.</summary>
    /// <exception cref="WrongResultException">Thrown by it if the result is wrong.</exception>
    public Func<string>? Check { get; init; }

    /// <summary>Work of this library.</summary>
    public static Entry Ours(string subject, Action run, Work work) => new(subject, Figure.Ours, new Workload(run), work);

    /// <summary>Work that shows what the machine can do.</summary>
    public static Entry Yardstick(string subject, IWorkload workload, Work work) => new(subject, Figure.Yardstick, workload, work);
}

/// <summary>A floor: so many times what a yardstick takes.</summary>
/// <param name="Yardstick">The yardstick's subject.</param>
/// <param name="Times">How many times.</param>
/// <param name="From">What it follows from, for people.</param>
internal sealed record FloorRule(string Yardstick, double Times, string From)
{
    /// <summary>Bytes at a yardstick's speed.</summary>
    public static FloorRule OfBytes(Entry yardstick, Work work) =>
        new(yardstick.Subject, work.Bytes / yardstick.Work.Bytes, $"{work.Bytes / Math.Max(1, work.Elements):0.##} bytes a parameter at the {yardstick.Subject}'s speed");

    /// <summary>Operations at a yardstick's speed.</summary>
    public static FloorRule OfFlops(Entry yardstick, Work work) =>
        new(yardstick.Subject, work.Flops / yardstick.Work.Flops, $"{work.Flops:0.###e0} operations at the {yardstick.Subject}'s speed");
}
