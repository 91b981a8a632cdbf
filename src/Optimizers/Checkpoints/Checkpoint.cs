using System.Globalization;
using System.IO.Hashing;
using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// Training runs in <c>.safetensors</c> files: parameters under their own names, the optimizer's state as <c>optimizer/PARAMETER/STATE</c> with
/// PyTorch's names, averages as <c>average/PARAMETER</c>, and hyper-parameters, step counts, schedules, the gradient scaler and a digest of each
/// tensor in the metadata. A run that is loaded goes on to the same bits.
/// </summary>
/// <remarks>Format: https://github.com/huggingface/safetensors. Other libraries read the tensors; torch reads parameters as a module's state dictionary.</remarks>
public static class Checkpoint
{
    private const string StatePrefix = "optimizer/", AveragePrefix = "average/";

    /// <summary>Writes a run. The file is written aside and renamed once it is whole on the disk, so that an old one is there until then.</summary>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedules);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        var state = optimizer.LiveState();
        var tensors = Live(optimizer.Parameters);
        foreach (var (parameter, each) in state.Parameters)
        {
            foreach (var (name, tensor) in each.Tensors)
                Add(tensors, $"{StatePrefix}{parameter}/{name}", tensor);
        }
        foreach (var average in optimizer.WeightAverage?.Averages ?? [])
            Add(tensors, AveragePrefix + average.Name, Live(average));
        var metadata = new CheckpointMetadata(
            [.. state.Groups.Select(group => (group.Optimizer, Describe(group.Options), group.Parameters))],
            state.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.Step),
            [.. schedules.Select(schedule => schedule.State())],
            optimizer.GradientScaler?.State(),
            optimizer.WeightAverage?.UpdateCount,
            new Dictionary<string, string>());
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, tensors, digests => (metadata with { Digests = digests }).ToTexts(), CheckpointMetadata.HeaderDigest));
    }

    /// <summary>Takes over a run that <see cref="Save"/> wrote. The whole file is checked, digests included, before anything is changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or another run's; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public static void Load(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedules);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        if (optimizer.GradientScaler is { } scaler)
            ObjectDisposedException.ThrowIf(scaler.IsDisposed, scaler);
        using var file = SafetensorsFile.Open(path);
        StateDictionary state;
        CheckpointMetadata metadata;
        try
        {
            metadata = CheckpointMetadata.Parse(file.Metadata);
            if (file.Metadata.GetValueOrDefault(CheckpointMetadata.HeaderDigest) is not { } digest || digest != file.HeaderDigest(CheckpointMetadata.HeaderDigest))
                throw new InvalidDataException($"The header is damaged: metadata '{CheckpointMetadata.HeaderDigest}' must be its digest");
            state = State(file, metadata, optimizer);
            optimizer.ThrowIfForeign(state);
            if (metadata.Schedules.Count != schedules.Count)
                throw new InvalidDataException($"The file must have the states of {schedules.Count} schedules. Actual number was {metadata.Schedules.Count}");
            for (var i = 0; i < schedules.Count; i++)
                schedules[i].ThrowIfForeign(metadata.Schedules[i]);
            if (metadata.Scaler is null != optimizer.GradientScaler is null)
                throw new InvalidDataException($"The file must have the state of a gradient scaler if the optimizer has a scaler, and none if it has none. Actual state was {metadata.Scaler?.ToString() ?? "none"}");
            if (metadata.AverageUpdates is null != optimizer.WeightAverage is null)
                throw new InvalidDataException($"The file must have averages of parameters if the optimizer has some, and none if it has none. Actual number of their updates was {metadata.AverageUpdates?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
            foreach (var entry in file.Entries.Values)
                Verify(file, entry, metadata.Digests);
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidDataException)
        {
            throw SafetensorsFile.Damaged(path, failure.Message.TrimEnd('.'), failure);
        }

        foreach (var parameter in optimizer.Parameters)
            Tensor(file, parameter.Name).CopyTo(parameter.Data);
        foreach (var average in optimizer.WeightAverage?.Averages ?? [])
            Tensor(file, AveragePrefix + average.Name).CopyTo(average.Data);
        optimizer.TakeState(state);
        if (metadata.Scaler is not null)
            optimizer.GradientScaler!.Load(metadata.Scaler);
        if (metadata.AverageUpdates is { } updates)
            optimizer.WeightAverage!.UpdateCount = updates;
        for (var i = 0; i < schedules.Count; i++)
            schedules[i].Load(metadata.Schedules[i]);
    }

    /// <summary>Writes parameters alone.</summary>
    /// <param name="path">The file; overwritten, as by <see cref="Save"/>.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveParameters(string path, IEnumerable<Parameter> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        var tensors = Live(parameters);
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, tensors, _ => [("format", "pt")]));
    }

    /// <summary>Reads parameters from any <c>.safetensors</c> file that has tensors of their names, shapes and element types; it may have more.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or a parameter is missing or another tensor; the message names it. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void LoadParameters(string path, IEnumerable<Parameter> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        using var file = SafetensorsFile.Open(path);
        try
        {
            foreach (var parameter in all)
                ThrowIfUnfit(file, parameter, parameter.Name);
        }
        catch (InvalidDataException failure)
        {
            throw SafetensorsFile.Damaged(path, failure.Message, failure);
        }
        foreach (var parameter in all)
            Tensor(file, parameter.Name).CopyTo(parameter.Data);
    }

    /// <summary>Parameters as they lie on the device, by name.</summary>
    internal static Dictionary<string, StateTensor> Live(IEnumerable<Parameter> parameters)
    {
        var tensors = new Dictionary<string, StateTensor>();
        foreach (var parameter in parameters)
            Add(tensors, parameter.Name, Live(parameter));
        return tensors;
    }

    private static StateTensor Live(Parameter parameter) => new(parameter.ElementType, [.. parameter.Shape], new TensorBytes.OnDevice(parameter.Data));

    private static void Add(Dictionary<string, StateTensor> tensors, string name, StateTensor tensor)
    {
        if (name == SafetensorsFile.MetadataName || !tensors.TryAdd(name, tensor))
            throw new ArgumentException($"Names of tensors must differ, and not be '{SafetensorsFile.MetadataName}'. '{name}' cannot be written.");
    }

    /// <summary>What options write.</summary>
    internal static HyperParameters Describe(OptimizerOptions options)
    {
        var values = new HyperParameters();
        options.Save(values);
        return values;
    }

    /// <summary>The state that a file holds, with tensors that are still in it.</summary>
    private static StateDictionary State(SafetensorsFile file, CheckpointMetadata metadata, Optimizer optimizer)
    {
        foreach (var parameter in optimizer.Parameters)
            ThrowIfUnfit(file, parameter, parameter.Name);
        foreach (var average in optimizer.WeightAverage?.Averages ?? [])
            ThrowIfUnfit(file, average, AveragePrefix + average.Name);
        if (metadata.Groups.Count != optimizer.Groups.Count)
            throw new InvalidDataException($"The file must have {optimizer.Groups.Count} parameter groups, as the optimizer has. Actual number was {metadata.Groups.Count}");

        HashSet<string> names = [.. optimizer.Parameters.Select(parameter => parameter.Name), .. (optimizer.WeightAverage?.Averages ?? []).Select(average => AveragePrefix + average.Name)];
        var states = metadata.Steps.ToDictionary(pair => pair.Key, pair => (Step: pair.Value, Tensors: new OrderedDictionary<string, StateTensor>()));
        foreach (var name in file.Entries.Keys.Where(name => !names.Contains(name)))
        {
            var end = name.LastIndexOf('/');
            if (!name.StartsWith(StatePrefix, StringComparison.Ordinal) || end < StatePrefix.Length || !states.TryGetValue(name[StatePrefix.Length..end], out var state))
                throw new InvalidDataException($"Tensor '{name}' is neither a parameter of the optimizer nor its state, nor an average");
            state.Tensors.Add(name[(end + 1)..], Tensor(file, name));
        }
        return new(
            [.. metadata.Groups.Select((group, i) => new GroupState(group.Optimizer, Options(group.Options, optimizer.Groups[i].AnyOptions), group.Parameters))],
            states.ToDictionary(pair => pair.Key, pair => new ParameterState(pair.Value.Step, pair.Value.Tensors)));
    }

    /// <summary>What options read.</summary>
    /// <exception cref="InvalidDataException">A value is missing, or out of its range.</exception>
    internal static OptimizerOptions Options(HyperParameters values, OptimizerOptions like)
    {
        try
        {
            return like.Load(values);
        }
        catch (ArgumentException failure)
        {
            throw new InvalidDataException(failure.Message, failure);
        }
    }

    /// <summary>Refuses a parameter for which the file has no tensor of this name, or another one.</summary>
    private static void ThrowIfUnfit(SafetensorsFile file, Parameter parameter, string name)
    {
        ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
        if (!file.Entries.TryGetValue(name, out var entry))
            throw new InvalidDataException($"Parameter '{name}' is missing");
        if (entry.Type != SafetensorsWriter.TypeName(parameter.ElementType))
            throw new InvalidDataException($"Parameter '{name}' must be {SafetensorsWriter.TypeName(parameter.ElementType)}. Actual type was {entry.Type}");
        if (!entry.Shape.SequenceEqual(parameter.Shape))
            throw new InvalidDataException($"Parameter '{name}' must have shape {Parameter.Describe([.. parameter.Shape])}. Actual shape was {Parameter.Describe(entry.Shape)}");
    }

    private static StateTensor Tensor(SafetensorsFile file, string name)
    {
        var entry = file.Entries[name];
        var type = entry.Type switch
        {
            "F32" => ElementType.Float32,
            "BF16" => ElementType.BFloat16,
            "F16" => ElementType.Float16,
            _ => throw new InvalidDataException($"Tensor '{name}' must be F32, BF16 or F16. Actual type was {entry.Type}"),
        };
        return new(type, entry.Shape, new TensorBytes.InFile(file, entry));
    }

    private static void Verify(SafetensorsFile file, SafetensorsEntry entry, IReadOnlyDictionary<string, string> digests)
    {
        if (!digests.TryGetValue(entry.Name, out var expected))
            throw new InvalidDataException($"The digest of tensor '{entry.Name}' is missing");
        var hash = new XxHash128();
        var piece = new byte[Math.Min(entry.Length, StateTensor.PieceLength)];
        for (var offset = 0L; offset < entry.Length; offset += piece.Length)
        {
            var part = piece.AsSpan(0, (int)Math.Min(piece.Length, entry.Length - offset));
            file.Read(entry, offset, part);
            hash.Append(part);
        }
        var actual = Convert.ToHexStringLower(hash.GetCurrentHash());
        if (actual != expected)
            throw new InvalidDataException($"Tensor '{entry.Name}' is damaged: its digest must be {expected}. Actual digest was {actual}");
    }
}
