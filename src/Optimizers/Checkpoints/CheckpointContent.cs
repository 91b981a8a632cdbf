using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>What a checkpoint will hold.</summary>
/// <param name="Tensors">The tensors by name.</param>
/// <param name="Metadata">What a run has besides, digests still missing; null for parameters alone.</param>
internal sealed record CheckpointContent(IReadOnlyDictionary<string, StateTensor> Tensors, CheckpointMetadata? Metadata)
{
    /// <summary>What comes before the names of state, of averages and of sums of gradients.</summary>
    public const string StatePrefix = "optimizer/", AveragePrefix = "average/", AccumulationPrefix = "accumulation/";

    /// <summary>Bytes of all tensors.</summary>
    public long Length => Tensors.Values.Sum(tensor => tensor.Bytes.Length);

    /// <summary>A run as it lies on the device; it changes with the next step.</summary>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    public static CheckpointContent Of(Optimizer optimizer, IReadOnlyList<ISchedule> schedules)
    {
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        optimizer.ThrowIfUnsavable();
        var state = optimizer.LiveState();
        var tensors = optimizer.LiveParameters();
        foreach (var (parameter, each) in state.Parameters)
        {
            foreach (var (name, tensor) in each.Tensors)
                Add(tensors, $"{StatePrefix}{parameter}/{name}", tensor);
        }
        foreach (var (name, average) in optimizer.LiveAverages())
            Add(tensors, AveragePrefix + name, average);
        foreach (var parameter in optimizer.Accumulation?.Summed ?? [])
            Add(tensors, AccumulationPrefix + parameter.Name, new(ElementType.Float32, [.. parameter.Shape], new TensorBytes.OnDevice(parameter.GradientSum!)));
        return new(tensors, MetadataOf(optimizer, state, schedules));
    }

    /// <summary>What a run has besides tensors.</summary>
    public static CheckpointMetadata MetadataOf(Optimizer optimizer, StateDictionary state, IReadOnlyList<ISchedule> schedules) =>
        new(
            [.. state.Groups.Select(group => (group.Optimizer, Checkpoint.Describe(group.Options), group.Parameters))],
            state.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.Step),
            [.. schedules.Select(schedule => schedule.State())],
            optimizer.GradientScaler?.State(),
            optimizer.WeightAverage?.UpdateCount,
            optimizer.Accumulation?.State,
            new Dictionary<string, string>());

    /// <summary>Parameters alone, as they lie on the device.</summary>
    /// <inheritdoc cref="Of(Optimizer, IReadOnlyList{ISchedule})"/>
    public static CheckpointContent Of(IEnumerable<Parameter> parameters) => new(Live(parameters), Metadata: null);

    /// <summary>Parameters as they lie on the device, by name.</summary>
    public static Dictionary<string, StateTensor> Live(IEnumerable<Parameter> parameters)
    {
        var tensors = new Dictionary<string, StateTensor>();
        foreach (var parameter in parameters)
            Add(tensors, parameter.Name, Live(parameter));
        return tensors;
    }

    /// <summary>The same tensors, with their bytes elsewhere.</summary>
    /// <param name="bytes">The bytes of each, in order.</param>
    public CheckpointContent With(IReadOnlyList<TensorBytes> bytes) => this with
    {
        Tensors = Tensors.Select((pair, i) => (pair.Key, Value: new StateTensor(pair.Value.ElementType, [.. pair.Value.Shape], bytes[i]))).ToDictionary(each => each.Key, each => each.Value),
    };

    /// <summary>Writes one file.</summary>
    public void Write(Stream stream, Transfer transfer)
    {
        if (Metadata is null)
            SafetensorsWriter.Write(stream, Tensors, _ => [("format", "pt")], headerDigest: null, transfer);
        else
            SafetensorsWriter.Write(stream, Tensors, digests => (Metadata with { Digests = digests }).ToTexts(), CheckpointMetadata.HeaderDigest, transfer);
    }

    /// <summary>Writes a file, or several with an index.</summary>
    /// <param name="path">The file, or the index.</param>
    /// <param name="maxBytes">How long a file may be; null for one file.</param>
    /// <param name="transfer">Is told what was written.</param>
    public void Write(string path, long? maxBytes, Transfer transfer)
    {
        if (maxBytes is { } limit)
            ShardWriter.Write(path, Tensors, limit, transfer);
        else
            AtomicFile.Write(path, stream => Write(stream, transfer), transfer);
    }

    /// <summary>A parameter as it lies on the device.</summary>
    public static StateTensor Live(Parameter parameter)
    {
        parameter.Locate?.Invoke();
        return new(parameter.ElementType, [.. parameter.Shape], new TensorBytes.OnDevice(parameter.Data));
    }

    private static void Add(Dictionary<string, StateTensor> tensors, string name, StateTensor tensor)
    {
        if (name == SafetensorsFile.MetadataName || !tensors.TryAdd(name, tensor))
            throw new ArgumentException($"Names of tensors must differ, and not be '{SafetensorsFile.MetadataName}'. '{name}' cannot be written.");
    }
}
