using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Somebody in a contest.</summary>
/// <param name="Subject">What is done.</param>
/// <param name="By">Who does it: <see cref="Figure.Ours"/>, <see cref="Figure.Yardstick"/>, or a rival's name.</param>
/// <param name="Workload">The work.</param>
/// <param name="Work">How much it is.</param>
internal sealed record Entry(string Subject, string By, IWorkload Workload, Work Work)
{
    /// <summary>What the machine allows: multiples of yardsticks in the same contest.</summary>
    public IReadOnlyList<FloorRule> Floors { get; init; } = [];

    /// <summary>Checks its result before it is timed, and says what was checked.</summary>
    /// <exception cref="WrongResultException">Thrown by it if the result is wrong.</exception>
    public Func<string>? Check { get; init; }

    /// <summary>Work of this library.</summary>
    public static Entry Ours(string subject, Action run, Work work) => new(subject, Figure.Ours, new Workload(run), work);

    /// <summary>Work that shows what the machine can do.</summary>
    public static Entry Yardstick(string subject, IWorkload workload, Work work) => new(subject, Figure.Yardstick, workload, work);
}
