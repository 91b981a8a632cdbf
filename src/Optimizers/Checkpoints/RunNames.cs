namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>The names of a run's parameters and tensors, as they are called here.</summary>
/// <param name="metadata">The run, which says what its parameters are.</param>
/// <param name="rename">What a parameter is called here, given its name in the file; null: the same.</param>
internal sealed class RunNames(CheckpointMetadata metadata, Func<string, string>? rename)
{
    private readonly HashSet<string> _parameters = [.. metadata.Groups.SelectMany(group => group.Parameters)];

    /// <summary>The run with parameters renamed.</summary>
    public CheckpointMetadata Rename(CheckpointMetadata run) => rename is null
        ? run
        : run with
        {
            Groups = [.. run.Groups.Select(group => (group.Optimizer, group.Options, (IReadOnlyList<string>)[.. group.Parameters.Select(rename)]))],
            Steps = Renamed(run.Steps, rename),
        };

    /// <summary>Tensors by names of which the parameter's part is renamed.</summary>
    public Dictionary<string, FileTensor> Rename(IReadOnlyDictionary<string, FileTensor> tensors) => Renamed(tensors, name => rename is null ? name : Tensor(name, rename));

    private static Dictionary<string, T> Renamed<T>(IReadOnlyDictionary<string, T> named, Func<string, string> rename)
    {
        var renamed = new Dictionary<string, T>();
        foreach (var (name, value) in named)
        {
            if (!renamed.TryAdd(rename(name), value))
                throw new InvalidDataException($"Names must differ once they are renamed. '{name}' and another both become '{rename(name)}'");
        }
        return renamed;
    }

    private string Tensor(string name, Func<string, string> rename)
    {
        if (_parameters.Contains(name))
            return rename(name);
        foreach (var prefix in (string[])[CheckpointContent.AveragePrefix, CheckpointContent.AccumulationPrefix])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && _parameters.Contains(name[prefix.Length..]))
                return prefix + rename(name[prefix.Length..]);
        }
        var end = name.LastIndexOf('/');
        return name.StartsWith(CheckpointContent.StatePrefix, StringComparison.Ordinal) && end >= CheckpointContent.StatePrefix.Length
            ? CheckpointContent.StatePrefix + rename(name[CheckpointContent.StatePrefix.Length..end]) + name[end..]
            : name;
    }
}
