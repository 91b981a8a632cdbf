using System.CommandLine;
using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>A question that the benchmarks answer, and the command that asks it.</summary>
/// <param name="name">The command.</param>
/// <param name="question">The question.</param>
internal abstract class Verb(string name, string question)
{
    public string Name => name;

    public string Question => question;

    /// <summary>What its command takes beside what all take.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Numbers of threads that it measures if nothing else is said.</summary>
    public virtual IReadOnlyList<int> Threads => [Environment.ProcessorCount];

    /// <summary>Rivals that it measures if nothing else is said.</summary>
    public virtual IReadOnlyList<string> Rivals => [];

    /// <summary>Why it cannot be asked here; null if it can.</summary>
    public virtual string? Missing => null;

    /// <summary>What its command takes as all do.</summary>
    public CommonOptions Common => field ??= new(this);

    /// <summary>Its command.</summary>
    public Command Command => field ??= Create();

    /// <summary>What to measure to answer it.</summary>
    /// <param name="result">Its command line.</param>
    /// <param name="bench">What to measure on, and whom.</param>
    public abstract IEnumerable<Contest> Contests(ParseResult result, Bench bench);

    private Command Create()
    {
        var command = new Command(Name, Question);
        foreach (var option in Options)
            command.Add(option);
        Common.AddTo(command);
        command.SetAction(result =>
        {
            Common.TryFiles(result);
            var text = CommandLine.Of(result);
            Common.Write(result, ReportRun.Measure(text, Common.Plan(result), [new(this, result, text)]));
        });
        return command;
    }
}
