using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// Training runs in PyTorch's own <c>.pt</c> files, read and written, so that a run moves between PyTorch and here in either direction and
/// goes on to the same bits.
/// </summary>
/// <remarks>
/// <para>
/// A class of its own beside <see cref="Checkpoint"/>, since it promises something else: PyTorch knows neither schedules of this library nor
/// optimizers of one's own, and numbers parameters instead of naming them.
/// </para>
/// <para>
/// Files are data here, never code: what <c>torch.save</c> needs for tensors, dictionaries, lists, numbers and texts is read, and any other name in
/// a pickle is refused. Read: the zip format, whose entries are compared with their CRC-32, and the legacy format of releases before 1.6,
/// which has none. Written: the zip format, which <c>torch.load</c> takes with <c>weights_only=True</c>.
/// Source: https://docs.pytorch.org/docs/stable/notes/serialization.html.
/// </para>
/// </remarks>
public static class TorchCheckpoint
{
    private const string OptimizerKey = "optimizer", ParametersKey = "params", ModelKey = "model", ScalerKey = "scaler";

    /// <summary>Where programs put an optimizer's state, tensors by name, and the state of a gradient scaler.</summary>
    private static readonly string[]
        _optimizers = [OptimizerKey, "optimizer_state_dict"], _models = [ModelKey, "model_state_dict", "state_dict"], _scalers = [ScalerKey, "scaler_state_dict"];

    /// <summary>
    /// Writes <c>{"optimizer": optimizer.state_dict(), "params": [tensor, …], "model": {name: tensor, …}}</c>; the last two are the same
    /// tensors, stored once. An optimizer with a <see cref="GradientScaler"/> adds <c>"scaler": scaler.state_dict()</c>. The file is written aside and
    /// renamed once it is whole on the disk.
    /// </summary>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">An <see cref="Sgd"/>, <see cref="RmsProp"/>, <see cref="Adam"/>, <see cref="AdamW"/> or <see cref="Muon"/>, with its parameters.</param>
    /// <exception cref="ArgumentException">PyTorch has no such optimizer, or no equivalent for one of its options; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of.</exception>
    public static void Save(string path, Optimizer optimizer) => SaveRun(path, optimizer, []);

    /// <inheritdoc cref="Save(string, Optimizer)"/>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="buffers">What else <c>model</c> holds.</param>
    internal static void SaveRun(string path, Optimizer optimizer, IEnumerable<ModelBuffer> buffers)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        var parameters = Checkpoint.Live(optimizer.Parameters);
        var root = new PickleDictionary
        {
            [OptimizerKey] = TorchState.Write(optimizer),
            [ParametersKey] = parameters.Values.ToList<object?>(),
            [ModelKey] = Model(parameters, buffers),
        };
        if (optimizer.GradientScaler is { } scaler)
            root[ScalerKey] = TorchScaler.Write(scaler.State());
        Write(path, root);
    }

    /// <summary>
    /// Takes over a run. The file holds <c>optimizer.state_dict()</c>, alone or as <c>optimizer</c> or <c>optimizer_state_dict</c> beside the parameters, which
    /// are tensors by name in <c>model</c>, <c>model_state_dict</c> or <c>state_dict</c>, or else a list <c>params</c> in the optimizer's order. It is
    /// checked whole before anything is changed. Where it holds the state alone, parameters stay. The optimizer's <see cref="GradientScaler"/> takes over
    /// <c>scaler</c> or <c>scaler_state_dict</c>, where there are both.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with as many parameters in each group, in the same order, on any device.</param>
    /// <exception cref="ArgumentException">PyTorch has no such optimizer.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or another run's, or more than data; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public static void Load(string path, Optimizer optimizer) => LoadRun(path, optimizer, [], _ => { });

    /// <inheritdoc cref="Load(string, Optimizer)"/>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="buffers">What else <c>model</c> must hold, of the same types and shapes.</param>
    /// <param name="take">Is given what it holds, once all was checked.</param>
    internal static void LoadRun(string path, Optimizer optimizer, IReadOnlyList<ModelBuffer> buffers, Action<IReadOnlyList<ModelBuffer>> take)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        if (optimizer.GradientScaler is { } own)
            ObjectDisposedException.ThrowIf(own.IsDisposed, own);
        _ = TorchOptimizer.Of(optimizer);
        Read(path, (file, root) =>
        {
            var isAlone = root.ContainsKey(TorchState.Groups);
            var saved = isAlone ? root : Find(root, _optimizers) as PickleDictionary
                ?? throw new InvalidDataException($"The file must have an optimizer's state, alone or as {string.Join(" or ", _optimizers)}. Actual entries were {Keys(root)}");
            var state = TorchState.Read(file, saved, optimizer);
            optimizer.ThrowIfForeign(state);
            var tensors = isAlone ? [] : Match(file, root, [.. optimizer.Parameters]);
            ModelBuffer[] taken = isAlone ? [] : [.. buffers.Select(buffer => Fit(file, root, buffer))];
            var scaler = optimizer.GradientScaler is not null && Find(root, _scalers) is PickleDictionary savedScaler ? TorchScaler.Read(file, savedScaler) : null;
            return () =>
            {
                CopyAll(tensors);
                take(taken);
                optimizer.TakeState(state);
                if (scaler is not null)
                    optimizer.GradientScaler!.Load(scaler);
            };
        });
    }

    /// <summary>Writes parameters alone, as a module's state dictionary: <c>{name: tensor, …}</c>.</summary>
    /// <param name="path">The file; overwritten, as by <see cref="Save"/>.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <exception cref="ArgumentException">A name cannot be written, or two have the same.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of.</exception>
    public static void SaveParameters(string path, IEnumerable<Parameter> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Write(path, Model(Checkpoint.Live(parameters), []));
    }

    /// <summary>
    /// Reads parameters from a module's state dictionary, which may be the whole file or the entry <c>model</c>, <c>model_state_dict</c> or
    /// <c>state_dict</c>, and may have more tensors; or, in their order, from a list <c>params</c>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or a parameter is missing or another tensor; the message names it. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of. Nothing was changed.</exception>
    public static void LoadParameters(string path, IEnumerable<Parameter> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        Read(path, (file, root) =>
        {
            var tensors = Match(file, root, all);
            return () => CopyAll(tensors);
        });
    }

    private static PickleDictionary Model(Dictionary<string, StateTensor> parameters, IEnumerable<ModelBuffer> buffers) => new(
    [
        .. parameters.Select(pair => KeyValuePair.Create((object)pair.Key, (object?)pair.Value)),
        .. buffers.Select(buffer => KeyValuePair.Create((object)buffer.Name, (object?)buffer)),
    ]);

    private static void Write(string path, PickleDictionary root)
    {
        var (pickle, storages) = PickleWriter.Write(root);
        AtomicFile.Write(path, stream => TorchArchiveWriter.Write(stream, pickle, storages));
    }

    /// <summary>Checks a file, whole, and only then changes anything.</summary>
    /// <param name="path">The file.</param>
    /// <param name="check">Checks what is in it, and returns what then is to be done.</param>
    private static void Read(string path, Func<TorchFile, PickleDictionary, Action> check)
    {
        using var file = TorchFile.Open(path);
        Action change;
        try
        {
            change = check(file, file.Root as PickleDictionary ?? throw new InvalidDataException("The file must hold a dictionary"));
            file.Verify();
        }
        catch (Exception failure) when (failure is InvalidDataException or ArgumentException)
        {
            throw SafetensorsFile.Damaged(path, failure.Message.TrimEnd('.'), failure);
        }
        change();
    }

    /// <summary>The tensor of each parameter, checked.</summary>
    private static (Parameter Parameter, StateTensor Tensor)[] Match(TorchFile file, PickleDictionary root, Parameter[] parameters)
    {
        foreach (var parameter in parameters)
            ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
        if (Find(root, _models) is PickleDictionary model)
            return [.. parameters.Select(parameter => (parameter, Fit(file, parameter, model.GetValueOrDefault(parameter.Name))))];
        if (root.GetValueOrDefault(ParametersKey) is not List<object?> list)
        {
            return Find(root, _optimizers) is null && !root.ContainsKey(TorchState.Groups)
                ? [.. parameters.Select(parameter => (parameter, Fit(file, parameter, root.GetValueOrDefault(parameter.Name))))]
                : throw new InvalidDataException($"The file must have parameters, by name in {string.Join(" or ", _models)}, or a list {ParametersKey}. Actual entries were {Keys(root)}");
        }
        if (list.Count != parameters.Length)
            throw new InvalidDataException($"List '{ParametersKey}' must have {parameters.Length} tensors. Actual number was {list.Count}");
        return [.. parameters.Select((parameter, i) => (parameter, Fit(file, parameter, list[i])))];
    }

    private static StateTensor Fit(TorchFile file, Parameter parameter, object? value)
    {
        if (value is not TorchTensor tensor)
            throw new InvalidDataException(value is null ? $"Parameter '{parameter.Name}' is missing" : $"Parameter '{parameter.Name}' must be a tensor. Actual value was {PickleValue.Describe(value)}");
        if (tensor.Element.Type != parameter.ElementType)
            throw new InvalidDataException($"Parameter '{parameter.Name}' must be {parameter.ElementType}. Actual type was {tensor.Element.Name}");
        if (!tensor.Shape.SequenceEqual(parameter.Shape))
            throw new InvalidDataException($"Parameter '{parameter.Name}' must have shape {Parameter.Describe([.. parameter.Shape])}. Actual shape was {Parameter.Describe(tensor.Shape)}");
        return file.Tensor($"Parameter '{parameter.Name}'", tensor);
    }

    /// <summary>A buffer of the model as the file has it.</summary>
    private static ModelBuffer Fit(TorchFile file, PickleDictionary root, ModelBuffer buffer)
    {
        if ((Find(root, _models) as PickleDictionary)?.GetValueOrDefault(buffer.Name) is not TorchTensor tensor)
            throw new InvalidDataException($"Buffer '{buffer.Name}' of the model is missing in {string.Join(" or ", _models)}");
        if (tensor.Element.Name != buffer.Type || !tensor.Shape.SequenceEqual(buffer.Shape))
            throw new InvalidDataException($"Buffer '{buffer.Name}' must be {buffer.Type} of shape {Parameter.Describe(buffer.Shape)}. Actual type and shape were {tensor.Element.Name} and {Parameter.Describe(tensor.Shape)}");
        var bytes = new byte[buffer.Bytes.Length];
        file.Read(tensor, 0, bytes);
        return buffer with { Bytes = bytes };
    }

    private static void CopyAll((Parameter Parameter, StateTensor Tensor)[] tensors)
    {
        foreach (var (parameter, tensor) in tensors)
            tensor.CopyTo(parameter.Data);
    }

    private static object? Find(PickleDictionary root, string[] keys) =>
        keys.FirstOrDefault(root.ContainsKey) is { } key ? root[key] : null;

    private static string Keys(PickleDictionary root) => string.Join(", ", root.Keys.Take(8).Select(key => $"'{PickleValue.Describe(key)}'"));
}
