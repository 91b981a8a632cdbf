using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <content>State of another precision: as floats to look at, and as it must lie here.</content>
public abstract partial class Optimizer<TOptions>
{
    internal override StateDictionary Decoded(StateDictionary state)
    {
        var states = new Dictionary<string, ParameterState>();
        foreach (var tracked in _tracked)
        {
            var name = tracked.Parameter.Name;
            if (!state.Parameters.TryGetValue(name, out var saved))
                continue;
            var options = (TOptions)state.Groups[tracked.Group].Options;
            var tensors = new OrderedDictionary<string, StateTensor>(saved.Tensors.Where(tensor => ScalarNames.Contains(tensor.Key)));
            foreach (var column in _columns)
            {
                if (column.Kind != StateColumnKind.Scales && saved.Tensors.TryGetValue(column.Name, out var tensor))
                    tensors.Add(column.Name, column.Kind == StateColumnKind.Numbers && options.StatePrecision != StatePrecision.SameAsParameter ? Floats(column, options, name, saved) : tensor);
            }
            states.Add(name, saved with { Tensors = tensors });
        }
        return state with { Parameters = states };
    }

    internal override StateDictionary Converted(StateDictionary state, Func<Parameter, StateTensor>? values)
    {
        if (state.Groups.Count != _groups.Count || state.Groups.Any(group => group.Optimizer != GetType().Name || group.Options is not TOptions))
            return state;
        GroupState[] groups = [.. state.Groups.Select((group, i) => group with { Options = AsHere(group.Options, _groups[i].Options) })];
        var states = state.Parameters.ToDictionary();
        foreach (var tracked in _tracked)
        {
            if (states.TryGetValue(tracked.Parameter.Name, out var saved))
                states[tracked.Parameter.Name] = Converted(tracked, saved, (TOptions)state.Groups[tracked.Group].Options, (TOptions)groups[tracked.Group].Options, values);
        }
        return new(groups, states);
    }

    /// <summary>Options of a run that goes on here: how numbers lie in memory and are rounded is the optimizer's own.</summary>
    private static OptimizerOptions AsHere(OptimizerOptions saved, TOptions own) => saved with
    {
        StatePrecision = own.StatePrecision,
        FullPrecisionBelow = own.FullPrecisionBelow,
        StateRounding = own.StateRounding,
        ParameterRounding = own.ParameterRounding,
    };

    private ParameterState Converted(TrackedParameter tracked, ParameterState saved, TOptions from, TOptions to, Func<Parameter, StateTensor>? values)
    {
        var (parameter, name) = (tracked.Parameter, tracked.Parameter.Name);
        var tensors = new OrderedDictionary<string, StateTensor>(saved.Tensors);
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            var (numbers, scales) = (_columns[slot], _columns[_slots.Length + slot]);
            // Another shape is refused later, with the parameter's.
            if (!tensors.TryGetValue(numbers.Name, out var tensor) || !tensor.Shape.SequenceEqual(ShapeOf(slot, tracked)))
                continue;
            var (type, hasScales) = (TypeOf(slot, to, parameter), HasScales(numbers, to, parameter));
            if (tensor.ElementType == type && HasScales(numbers, from, name, saved) == hasScales)
                continue;
            var floats = Floats(numbers, from, name, saved);
            tensors.Remove(scales.Name);
            if (hasScales)
            {
                var codec = CodecOf(slot, type);
                tensors[numbers.Name] = new(type, [.. tensor.Shape], new EncodedBytes(floats.Bytes, codec, isCompanion: false));
                tensors[scales.Name] = new(ElementType.Float32, ShapeOf(_slots.Length + slot, tracked), new EncodedBytes(floats.Bytes, codec, isCompanion: true));
            }
            else
            {
                tensors[numbers.Name] = floats.As(type);
            }
        }

        for (var i = FirstRest; i < _columns.Length; i++)
        {
            var column = _columns[i];
            var isKept = column.Rounding == from.ParameterRounding;
            var isNeeded = column.Rounding == to.RoundingOf(parameter);
            if (isKept && !isNeeded)
                tensors.Remove(column.Name);
            // Of a slice, the values are not all here.
            else if (isNeeded && !tensors.ContainsKey(column.Name) && (values is not null || StateHolder is null || parameter.Length == parameter.WholeLength))
                tensors.Add(column.Name, new(TypeOf(i, to, parameter), ShapeOf(i, tracked), Rest(parameter, to.RoundingOf(parameter), values)));
        }
        // Random numbers of a step that nobody counted begin anew.
        return new(saved.Step ?? (RecordsSteps(to) && !RecordsStep ? 1 : null), tensors);
    }

    /// <summary>What a rounding keeps of a parameter's value.</summary>
    private static EncodedBytes Rest(Parameter parameter, ParameterRounding rounding, Func<Parameter, StateTensor>? values)
    {
        var floats = values?.Invoke(parameter).Bytes ?? new ConvertedBytes(new TensorBytes.OnDevice(parameter.Data), $"{parameter.ElementType}", ElementType.Float32);
        return new EncodedBytes(floats, Codec.Of(rounding, parameter.ElementType), isCompanion: true);
    }

    /// <summary>Whether numbers of a state have scales, as its options and their type say.</summary>
    /// <exception cref="ArgumentException">They are missing, or are there and should not be.</exception>
    private bool HasScales(StateColumn numbers, TOptions options, string parameter, ParameterState saved)
    {
        var (tensor, scales) = (saved.Tensors[numbers.Name], _columns[_slots.Length + numbers.Slot].Name);
        var hasScales = tensor.ElementType == ElementType.UInt8 || (tensor.ElementType == ElementType.Float16 && options.StatePrecision == StatePrecision.Float16);
        if (!hasScales)
        {
            if (saved.Tensors.ContainsKey(scales))
                throw new ArgumentException($"State '{scales}' of parameter '{parameter}' must not be there, for '{numbers.Name}' is {tensor.ElementType}, of StatePrecision.{options.StatePrecision}.");
            return false;
        }
        if (!saved.Tensors.TryGetValue(scales, out var found))
            throw new ArgumentException($"State '{scales}' of parameter '{parameter}' is missing.");
        var blocks = EncodedStretch.Blocks(Parameter.Volume(parameter, [.. tensor.Shape]));
        if (!found.Shape.SequenceEqual([blocks]))
            throw new ArgumentException($"State '{scales}' of parameter '{parameter}' must have shape [{blocks}]. Actual shape was {Parameter.Describe([.. found.Shape])}.");
        if (found.ElementType != ElementType.Float32)
            throw new ArgumentException($"State '{scales}' of parameter '{parameter}' must be Float32. Actual type was {found.ElementType}.");
        return true;
    }

    /// <summary>A slot's numbers as floats.</summary>
    /// <exception cref="ArgumentException">They are none.</exception>
    private StateTensor Floats(StateColumn numbers, TOptions options, string parameter, ParameterState saved)
    {
        var tensor = saved.Tensors[numbers.Name];
        if (!HasScales(numbers, options, parameter, saved))
        {
            return tensor.ElementType.IsFloat()
                ? tensor.As(ElementType.Float32)
                : throw new ArgumentException($"State '{numbers.Name}' of parameter '{parameter}' must be Float32, BFloat16, Float16 or UInt8. Actual type was {tensor.ElementType}.");
        }
        var scales = saved.Tensors[_columns[_slots.Length + numbers.Slot].Name];
        return new(ElementType.Float32, [.. tensor.Shape], new DecodedBytes(tensor.Bytes, scales.Bytes, CodecOf(numbers.Slot, tensor.ElementType)));
    }

    /// <summary>What encodes numbers of a slot that have scales, to the nearest.</summary>
    private Codec CodecOf(int slot, ElementType type) => Codec.Of(type == ElementType.UInt8 ? StateEncoding.Dynamic8 : StateEncoding.Float16, _slots[slot].IsNonNegative);
}
