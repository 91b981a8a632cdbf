using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Which tensor of a file is which parameter; checked, and not copied yet.</summary>
/// <param name="Tensors">The tensor of each parameter that was found.</param>
/// <param name="Report">What was found, and what not.</param>
internal sealed record ParameterMatch(IReadOnlyList<(Parameter Parameter, StateTensor Tensor)> Tensors, LoadReport Report)
{
    private const int NamesInMessages = 3;

    /// <summary>Nothing to be copied.</summary>
    public static ParameterMatch Empty { get; } = new([], new([], [], []));

    /// <summary>Matches by name.</summary>
    /// <param name="tensors">The file's tensors by their names there.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken.</param>
    /// <param name="isState">Whether a tensor of the file is neither parameter nor unexpected.</param>
    /// <param name="placeOf">Where a parameter lies in its tensor; null: it is all of it.</param>
    /// <exception cref="InvalidDataException">A parameter is missing, or another tensor; the message names it.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of.</exception>
    public static ParameterMatch Find(IReadOnlyDictionary<string, FileTensor> tensors, IReadOnlyList<Parameter> parameters, LoadOptions options, Func<string, bool>? isState = null, Func<Parameter, TensorPlace>? placeOf = null)
    {
        var byName = new Dictionary<string, (string Name, FileTensor Tensor)>();
        foreach (var (name, tensor) in tensors)
        {
            var renamed = options.Rename?.Invoke(name) ?? name;
            if (!byName.TryAdd(renamed, (name, tensor)))
                throw new InvalidDataException($"Names must differ once they are renamed. '{name}' and '{byName[renamed].Name}' both become '{renamed}'");
        }

        var found = new List<(Parameter, StateTensor)>();
        var missing = new List<string>();
        foreach (var parameter in parameters)
        {
            parameter.Locate?.Invoke();
            ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
            var place = placeOf?.Invoke(parameter) ?? new(parameter.Name, parameter.Shape, 0);
            if (byName.Remove(parameter.Name, out var match))
                found.Add((parameter, match.Tensor.Fit($"Parameter '{parameter.Name}'", parameter.ElementType, place.Shape, options.Convert).Part(place.Start, parameter.Shape)));
            else
                missing.Add(parameter.Name);
        }
        string[] unexpected = [.. byName.Values.Where(left => left.Tensor.OtherValue is null).Select(left => left.Name).Where(name => isState?.Invoke(name) is not true)];
        if (missing.Count > 0 && options.Strict is not false)
            throw new InvalidDataException(Missing(missing, unexpected));
        if (unexpected.Length > 0 && options.Strict is true)
            throw new InvalidDataException($"The file must have no tensors but the parameters. It has {Names(unexpected)}, too");
        return new(found, new([.. found.Select(each => each.Item1.Name)], missing, unexpected));
    }

    /// <summary>Bytes of the tensors.</summary>
    public long Length => Tensors.Sum(each => each.Tensor.Bytes.Length);

    /// <summary>Copies tensors into parameters.</summary>
    /// <param name="transfer">Is told what was copied.</param>
    public void Copy(Transfer transfer)
    {
        foreach (var (parameter, tensor) in Tensors)
        {
            tensor.CopyTo(parameter.Data);
            transfer.Advance(tensor.Bytes.Length);
        }
        transfer.Complete();
    }

    private static string Missing(List<string> missing, string[] unexpected)
    {
        var text = missing.Count == 1 ? $"Parameter '{missing[0]}' is missing" : $"Parameters {Names(missing)} are missing";
        return Advice(missing, unexpected) is { } advice ? $"{text}. {advice}" : text;
    }

    /// <summary>What would make the names fit, if one thing does for all of them.</summary>
    public static string? Advice(List<string> missing, string[] unexpected)
    {
        if (missing.Count == 0)
            return null;
        var names = unexpected.ToHashSet();
        bool Fits(Func<string, string> rename)
        {
            var renamed = unexpected.Select(rename).ToHashSet();
            return missing.TrueForAll(renamed.Contains);
        }
        if (Fits(Rename.Compiled))
            return "They are there with '_orig_mod.' in their names: LoadOptions.Rename = Rename.Compiled";
        foreach (var name in unexpected)
        {
            if (name.EndsWith(missing[0], StringComparison.Ordinal) && name[..^missing[0].Length] is { Length: > 0 } more && missing.TrueForAll(each => names.Contains(more + each)))
                return $"The file has them with the prefix '{more}': LoadOptions.Rename = Rename.WithoutPrefix(\"{more}\")";
            if (missing[0].EndsWith(name, StringComparison.Ordinal) && missing[0][..^name.Length] is { Length: > 0 } less && Fits(Rename.WithPrefix(less)))
                return $"The file has them without the prefix '{less}': LoadOptions.Rename = Rename.WithPrefix(\"{less}\")";
        }
        return Fits(Rename.DataParallel.Then(Rename.Compiled))
            ? "They are there with 'module.' and '_orig_mod.' in their names: LoadOptions.Rename = Rename.DataParallel.Then(Rename.Compiled)"
            : null;
    }

    private static string Names(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(NamesInMessages).Select(name => $"'{name}'")) + (names.Count > NamesInMessages ? $" and {names.Count - NamesInMessages} more" : "");
}
