using System.IO.Enumeration;
using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Says which parameters of a model an algorithm trains, with which hyper-parameters, and why.</summary>
public sealed class Assignment
{
    private Assignment(string reason, Func<Parameter, bool>? matches, OptimizerOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        ArgumentNullException.ThrowIfNull(options);
        Reason = reason;
        Matches = matches;
        Options = options;
    }

    /// <summary>Why, for <see cref="ModelOptimizer.Explain"/>.</summary>
    public string Reason { get; }

    /// <summary>Hyper-parameters; their type is that of the algorithm.</summary>
    public OptimizerOptions Options { get; }

    /// <summary>Whether a parameter is meant; null for all that no other assignment takes.</summary>
    internal Func<Parameter, bool>? Matches { get; }

    /// <summary>Parameters by name.</summary>
    /// <param name="pattern">The name, with <c>*</c> for any characters and <c>?</c> for any one.</param>
    /// <param name="options">Their hyper-parameters.</param>
    public static Assignment Named(string pattern, OptimizerOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        return new($"named {pattern}", parameter => FileSystemName.MatchesSimpleExpression(pattern, parameter.Name, ignoreCase: false), options);
    }

    /// <summary>Parameters by anything.</summary>
    /// <param name="reason">Why, in words.</param>
    /// <param name="matches">Whether a parameter is meant.</param>
    /// <param name="options">Their hyper-parameters.</param>
    public static Assignment Where(string reason, Func<Parameter, bool> matches, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(matches);
        return new(reason, matches, options);
    }

    /// <summary>Parameters that no other assignment takes.</summary>
    /// <param name="options">Their hyper-parameters.</param>
    public static Assignment Rest(OptimizerOptions options) => new("the rest", null, options);
}
