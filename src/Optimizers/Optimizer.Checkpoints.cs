using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <content>What checkpoints ask: whole tensors, whoever has what of them.</content>
public abstract partial class Optimizer
{
    /// <summary>The optimizer whose kind, groups and state these are: itself, or that which it shares out.</summary>
    internal virtual Optimizer Declared => this;

    /// <summary>The parameters as they lie on the device, whole, by name.</summary>
    internal virtual Dictionary<string, StateTensor> LiveParameters() => CheckpointContent.Live(Parameters);

    /// <summary>The averages as they lie on the device, whole, by the names of their parameters.</summary>
    internal virtual Dictionary<string, StateTensor> LiveAverages() => CheckpointContent.Live(WeightAverage?.Averages ?? []);

    /// <summary>The names of the parameters that there are averages of, here or in another process.</summary>
    internal virtual IReadOnlySet<string> AveragedNames() => (WeightAverage?.Averages ?? []).Select(average => average.Name).ToHashSet();

    /// <summary>The averages that are here, and where they lie in those of whole tensors.</summary>
    internal virtual IEnumerable<(Parameter Average, TensorPlace Place)> PlacedAverages() => (WeightAverage?.Averages ?? []).Select(average => (average, PlaceOf(average)));

    /// <summary>Where a parameter lies in its tensor.</summary>
    internal virtual TensorPlace PlaceOf(Parameter parameter) => new(parameter.Name, parameter.Shape, 0);

    /// <summary>Refuses to be saved where it stands.</summary>
    /// <exception cref="ArgumentException">It is in the middle of something that no file holds.</exception>
    /// <exception cref="InvalidOperationException">Averages of another type are in the parameters' place.</exception>
    internal virtual void ThrowIfUnsavable() => WeightAverage?.ThrowIfSwapped("saved");

    /// <summary>Refuses to be loaded where it stands.</summary>
    /// <exception cref="InvalidOperationException">Averages of another type are in the parameters' place, which get back those of before.</exception>
    internal void ThrowIfUnloadable() => WeightAverage?.ThrowIfSwapped("loaded");

    /// <summary>Refuses to load another run than the other processes that share the work.</summary>
    /// <param name="id">What tells the run from others.</param>
    internal virtual void ThrowIfNotSame(string id)
    {
    }

    /// <summary>Does something in all processes that share the work; if it fails in one, it fails in all.</summary>
    /// <param name="what">What it does, for messages: "load the run".</param>
    /// <param name="action">Does it.</param>
    internal virtual T Together<T>(string what, Func<T> action) => action();
}
