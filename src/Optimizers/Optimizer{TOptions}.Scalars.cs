using System.Runtime.InteropServices;

namespace GpuOptim.Optimizers;

/// <content>The scalars of state.</content>
public abstract partial class Optimizer<TOptions>
{
    private readonly StateScalar<TOptions>[] _scalars;

    internal sealed override IReadOnlyList<string> ScalarNames => [.. _scalars.Select(scalar => scalar.Name)];

    /// <summary>What the rule of a parameter's next update depends on.</summary>
    private protected StepInfo NextStep(TrackedParameter tracked) => new(tracked.Step + 1, IsFirstUse(tracked)) { Scalars = ScalarsOf(tracked) };

    private StateScalars ScalarsOf(TrackedParameter tracked)
    {
        if (tracked.Step > 0 || _scalars.Length == 0)
            return tracked.Scalars;
        var (options, scalars) = (_groups[tracked.Group].Options, default(StateScalars));
        for (var i = 0; i < _scalars.Length; i++)
            scalars = scalars.With(i, _scalars[i].First(options));
        return scalars;
    }

    /// <summary>Works out the scalars that the step just given to the device leaves, with its own options, which may change before it is known to be done.</summary>
    private void AdvanceScalars()
    {
        if (_scalars.Length == 0)
            return;
        var (last, group, next) = (default(StepInfo), -1, default(StateScalars));
        foreach (var tracked in _tracked)
        {
            if (!tracked.Parameter.HasGradient)
                continue;
            var step = NextStep(tracked);
            if (step != last || tracked.Group != group)
            {
                (last, group, next) = (step, tracked.Group, step.Scalars);
                for (var i = 0; i < _scalars.Length; i++)
                    next = next.With(i, _scalars[i].Next(_groups[group].Options, step));
            }
            tracked.NextScalars = next;
        }
    }

    /// <summary>Adds a parameter's scalars, which PyTorch lists before tensors.</summary>
    private void WriteScalars(TrackedParameter tracked, OrderedDictionary<string, StateTensor> to)
    {
        for (var i = 0; i < _scalars.Length; i++)
            to.Add(_scalars[i].Name, StateTensor.Create<float>([], [tracked.Scalars[i]]));
    }

    private void ReadScalars(TrackedParameter tracked, ParameterState? saved)
    {
        tracked.Scalars = default;
        for (var i = 0; saved is not null && i < _scalars.Length; i++)
            tracked.Scalars = tracked.Scalars.With(i, ValueOf(saved[_scalars[i].Name]));
    }

    /// <summary>Refuses scalars that are missing, or none.</summary>
    private void ThrowIfForeignScalars(string parameter, ParameterState state)
    {
        foreach (var (name, _, _) in _scalars)
        {
            if (!state.Tensors.TryGetValue(name, out var tensor))
                throw new ArgumentException($"State '{name}' of parameter '{parameter}' is missing.", nameof(state));
            if (tensor.ElementType != ElementType.Float32 || tensor.Shape.Count != 0)
                throw new ArgumentException($"State '{name}' of parameter '{parameter}' must be a Float32 of shape []. Actual type and shape were {tensor.ElementType} and {Host.Parameter.Describe([.. tensor.Shape])}.", nameof(state));
            if (!float.IsFinite(ValueOf(tensor)))
                throw new ArgumentException($"State '{name}' of parameter '{parameter}' must be finite. Actual value was {ValueOf(tensor)}.", nameof(state));
        }
    }

    private static float ValueOf(StateTensor scalar) => MemoryMarshal.Read<float>(scalar.Bytes.ToArray());
}
