using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>The parameters of a run in a file, with what their roundings keep in its state, for an optimizer that rounds otherwise.</summary>
/// <param name="metadata">The run.</param>
/// <param name="tensors">Its tensors by name.</param>
/// <param name="optimizer">The optimizer.</param>
internal sealed class RunParameters(CheckpointMetadata metadata, IReadOnlyDictionary<string, FileTensor> tensors, Optimizer optimizer)
{
    private const string Rounding = "parameter_rounding";

    private readonly Dictionary<string, ParameterRounding> _saved = metadata.Groups
        .SelectMany(group => group.Parameters.Select(name => KeyValuePair.Create(name, group.Options.Contains(Rounding) ? group.Options.Choice<ParameterRounding>(Rounding) : default)))
        .DistinctBy(pair => pair.Key)
        .ToDictionary();

    private readonly Dictionary<Parameter, ParameterRounding> _own = optimizer.Groups
        .SelectMany(group => group.Parameters.Select(parameter => KeyValuePair.Create(parameter, group.AnyOptions.RoundingOf(parameter))))
        .ToDictionary();

    /// <summary>A parameter's exact value as float: what is in the file, with what its rounding kept.</summary>
    /// <exception cref="InvalidDataException">It is another tensor.</exception>
    public StateTensor Value(string name, IReadOnlyList<long> shape)
    {
        var tensor = tensors[name];
        var rounding = SavedRounding(name, tensor);
        if (StateColumn.RestOf(rounding) is not { } rest || !tensors.TryGetValue($"{CheckpointContent.StatePrefix}{name}/{rest.Name}", out var kept))
            return tensor.Fit($"Parameter '{name}'", ElementType.Float32, shape, convert: true);
        var element = tensor.Type == $"{ElementType.BFloat16}" ? ElementType.BFloat16 : ElementType.Float16;
        var numbers = tensor.Fit($"Parameter '{name}'", element, shape, convert: false);
        var companion = kept.Fit($"State '{rest.Name}' of parameter '{name}'", rest.Type, shape, convert: false);
        return new(ElementType.Float32, [.. shape], new DecodedBytes(numbers.Bytes, companion.Bytes, Codec.Of(rounding, element)));
    }

    /// <summary>A parameter as the optimizer rounds it, where that is not as the file has it; null if all there is to it is its type.</summary>
    /// <exception cref="InvalidDataException">It is another tensor.</exception>
    public StateTensor? Rounded(Parameter parameter, TensorPlace place)
    {
        var (own, saved) = (_own[parameter], SavedRounding(place.Name, tensors[place.Name]));
        if ((own == saved && tensors[place.Name].Type == $"{parameter.ElementType}") || (StateColumn.RestOf(own) is null && StateColumn.RestOf(saved) is null))
            return null;
        var value = Value(place.Name, place.Shape);
        return StateColumn.RestOf(own) is null
            ? value.As(parameter.ElementType)
            : new(parameter.ElementType, [.. place.Shape], new EncodedBytes(value.Bytes, Codec.Of(own, parameter.ElementType), isCompanion: false));
    }

    private ParameterRounding SavedRounding(string name, FileTensor tensor)
    {
        var rounding = _saved.GetValueOrDefault(name);
        // Of float16, which the other roundings are not for, there are copies alone.
        return tensor.Type == $"{ElementType.BFloat16}" || (tensor.Type == $"{ElementType.Float16}" && rounding == ParameterRounding.Master) ? rounding : default;
    }
}
