using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// Training runs in PyTorch's own <c>.pt</c> files, read and written, so that a run moves between PyTorch and here in either direction and
/// goes on to the same bits.
/// </summary>
/// <remarks>
/// <para>
/// A class of its own beside <see cref="Checkpoint"/>, since it promises something else: PyTorch knows no optimizers of one's own, and numbers parameters
/// instead of naming them.
/// </para>
/// <para>
/// Files are data here, never code: what a pickle names besides tensors, dictionaries, lists, numbers and texts is taken as inert data, and is an error only
/// where one of these is needed. Read: the zip format, whose entries are compared with their CRC-32, and the legacy format of releases before 1.6,
/// which has none. Written: the zip format, which <c>torch.load</c> takes with <c>weights_only=True</c>.
/// Source: https://docs.pytorch.org/docs/stable/notes/serialization.html.
/// </para>
/// </remarks>
public static partial class TorchCheckpoint
{
    /// <summary>What messages call a stream.</summary>
    private const string StreamName = "stream";

    /// <summary>
    /// Writes <c>{"optimizer": optimizer.state_dict(), "params": [tensor, …], "model": {name: tensor, …}}</c>; the last two are the same tensors,
    /// stored once. Of a <see cref="ModelOptimizer"/> it is <c>"optimizers": [state_dict, …]</c>, in the order of its
    /// <see cref="ModelOptimizer.Optimizers"/>. An optimizer with a <see cref="GradientScaler"/> adds <c>"scaler": scaler.state_dict()</c>, a
    /// schedule <c>"scheduler": scheduler.state_dict()</c>, several a list <c>"schedulers"</c>. The file is written aside and renamed once it is
    /// whole on the disk. State of a <see cref="StatePrecision"/> that PyTorch does not have, 8 bits, say, is written as what it stands for, in the parameter's
    /// type, as PyTorch has state: PyTorch goes on from the same numbers with more bits, and the way back, by <see cref="LoadOptions.Convert"/>, rounds them anew.
    /// </summary>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">An optimizer that PyTorch has, which is any but <see cref="Lion"/>, or a <see cref="NorMuon"/>, or a <see cref="ModelOptimizer"/> of such.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <exception cref="ArgumentException">PyTorch has no such optimizer, or no equivalent for one of its options; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of.</exception>
    public static void Save(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => SaveRun(path, optimizer, schedules, [], []);

    /// <summary>Writes a run to a stream, from where it stands. What cannot seek gets it by way of a temporary file.</summary>
    /// <inheritdoc cref="Save(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="stream">The stream; it stays open, behind what was written.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedules">Its schedules.</param>
    public static void Save(Stream stream, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var (pickle, storages) = PickleWriter.Write(TorchRunWriter.Run(optimizer, schedules, []));
        TorchArchiveWriter.Write(stream, pickle, storages);
    }

    /// <summary>Writes a run while training goes on, as <see cref="Checkpoint.SaveAsync"/> does: the file is that of the moment of the call.</summary>
    /// <inheritdoc cref="Save(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedules">Its schedules; null for none.</param>
    /// <param name="progress">Is told which part of the bytes was written, from 0 to 1.</param>
    /// <param name="cancellationToken">Gives up writing; an old file stays.</param>
    /// <returns>Ends when the file is whole on the disk and has its name.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task SaveAsync(
        string path, Optimizer optimizer, IReadOnlyList<ISchedule>? schedules = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var (pickle, storages) = PickleWriter.Write(TorchRunWriter.Run(optimizer, schedules ?? [], []));
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled(cancellationToken);
        var snapshot = HostSnapshot.Take(storages, optimizer.Device);
        var transfer = new Transfer(progress, cancellationToken) { Total = storages.Sum(bytes => bytes.Length) };
        return Checkpoint.InBackground(() =>
        {
            using (snapshot)
                Write(path, pickle, snapshot.Copies, transfer);
        });
    }

    /// <inheritdoc cref="Save(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <param name="buffers">What else <c>model</c> holds.</param>
    /// <param name="ties">Other names under which <c>model</c> holds a parameter.</param>
    internal static void SaveRun(string path, Optimizer optimizer, IReadOnlyList<ISchedule> schedules, IReadOnlyList<ModelBuffer> buffers, IReadOnlyList<(string Name, string Of)> ties)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var root = TorchRunWriter.Run(optimizer, schedules, buffers);
        var model = (PickleDictionary)root[TorchRun.ModelKey]!;
        foreach (var (name, of) in ties)
            model[name] = model[of];
        Write(path, root);
    }

    /// <summary>
    /// Takes over a run. The file holds <c>optimizer.state_dict()</c>, alone or as <c>optimizer</c> or <c>optimizer_state_dict</c> beside the
    /// parameters, which are tensors by name in <c>model</c>, <c>model_state_dict</c> or <c>state_dict</c>, or else a list <c>params</c> in the
    /// optimizer's order. Several optimizers, of a <see cref="ModelOptimizer"/>, are a list or dictionary there, or <c>optimizers</c> or
    /// <c>optimizer_states</c>, as Lightning has them, in the order of its <see cref="ModelOptimizer.Optimizers"/>. State may go by the names of
    /// parameters, as <c>torch.distributed.checkpoint.state_dict</c> has it. The file is checked whole before anything is changed. Where it holds
    /// states alone, parameters stay. The optimizer's <see cref="GradientScaler"/> takes over <c>scaler</c> or <c>scaler_state_dict</c>, where
    /// there are both; schedules take over <c>scheduler</c>, <c>scheduler_state_dict</c>, <c>lr_scheduler</c> or <c>lr_schedulers</c>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with as many parameters in each group, in the same order unless the file names them, on any device.</param>
    /// <param name="options">How names and types are taken; as they are if null.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order; none, to leave what the file has of them.</param>
    /// <exception cref="ArgumentException">PyTorch has no such optimizer.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or another run's; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public static void Load(string path, Optimizer optimizer, LoadOptions? options, params IReadOnlyList<ISchedule> schedules) =>
        LoadRun(path, optimizer, options, schedules, [], _ => { });

    /// <inheritdoc cref="Load(string, Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    public static void Load(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Load(path, optimizer, options: null, schedules);

    /// <summary>Takes over a run from a stream, which is read from where it stands to its end. What cannot seek goes by way of a temporary file.</summary>
    /// <inheritdoc cref="Load(string, Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="options">How names and types are taken; as they are if null.</param>
    /// <param name="schedules">Its schedules.</param>
    public static void Load(Stream stream, Optimizer optimizer, LoadOptions? options, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Load(() => TorchFile.Open(stream, StreamName), optimizer, options ?? new(), schedules, [], _ => { }, CancellationToken.None);
    }

    /// <inheritdoc cref="Load(Stream, Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    public static void Load(Stream stream, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Load(stream, optimizer, options: null, schedules);

    /// <summary>Takes over a run in the background; nobody else may use the optimizer until it is done.</summary>
    /// <inheritdoc cref="Load(string, Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedules">Its schedules; null for none.</param>
    /// <param name="options">How names and types are taken, and who is told how far it is.</param>
    /// <param name="cancellationToken">Gives up, while the file is checked, and nothing was changed. Once it is taken over, that is completed.</param>
    /// <returns>Ends when the run is taken over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled. Nothing was changed.</exception>
    public static Task LoadAsync(
        string path, Optimizer optimizer, IReadOnlyList<ISchedule>? schedules = null, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Checkpoint.ThrowIfUnfit(optimizer, schedules ?? []);
        return Task.Run(() => Load(() => TorchFile.Open(path), optimizer, options ?? new(), schedules ?? [], [], _ => { }, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="Load(string, Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="options">How names and types are taken; as they are if null.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <param name="buffers">What else <c>model</c> must hold, of the same types and shapes.</param>
    /// <param name="take">Is given what it holds, once all was checked.</param>
    internal static void LoadRun(
        string path, Optimizer optimizer, LoadOptions? options, IReadOnlyList<ISchedule> schedules, IReadOnlyList<ModelBuffer> buffers, Action<IReadOnlyList<ModelBuffer>> take)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Load(() => TorchFile.Open(path), optimizer, options ?? new(), schedules, buffers, take, CancellationToken.None);
    }

    private static void Load(
        Func<TorchFile> open,
        Optimizer optimizer,
        LoadOptions options,
        IReadOnlyList<ISchedule> schedules,
        IReadOnlyList<ModelBuffer> buffers,
        Action<IReadOnlyList<ModelBuffer>> take,
        CancellationToken cancellationToken)
    {
        Checkpoint.ThrowIfUnfit(optimizer, schedules);
        Optimizer[] parts = optimizer.Declared is ModelOptimizer model ? [.. model.Optimizers] : [optimizer.Declared];
        foreach (var part in parts)
            _ = TorchOptimizer.Of(part);
        Read(open, Check, options.Progress, cancellationToken, optimizer);

        (ParameterMatch, Action) Check(TorchFile file)
        {
            optimizer.ThrowIfUnloadable();
            var run = new TorchRunReader(file, options);
            var state = run.State(parts);
            optimizer.ThrowIfForeign(state);
            var match = run.IsStateAlone ? ParameterMatch.Empty : run.Match([.. optimizer.Parameters], buffers, optimizer.PlaceOf);
            ModelBuffer[] loaded = run.IsStateAlone ? [] : [.. buffers.Select(run.Buffer)];
            var positions = run.Schedules(parts, schedules);
            var scaler = optimizer.GradientScaler is not null ? run.Scaler() : null;
            return (match, Change);

            void Change()
            {
                take(loaded);
                optimizer.TakeState(state);
                // PyTorch's files are of whole steps.
                optimizer.Accumulation?.Load(null, new HashSet<Parameter>());
                if (scaler is not null)
                    optimizer.GradientScaler!.Load(scaler);
                for (var i = 0; i < positions.Length; i++)
                    schedules[i].Load(positions[i], options.ScheduleConstants);
            }
        }
    }

    private static void Write(string path, PickleDictionary root)
    {
        var (pickle, storages) = PickleWriter.Write(root);
        Write(path, pickle, storages, transfer: null);
    }

    private static void Write(string path, byte[] pickle, IReadOnlyList<TensorBytes> storages, Transfer? transfer) =>
        AtomicFile.Write(path, stream => TorchArchiveWriter.Write(stream, pickle, storages, transfer), transfer);

    /// <summary>Checks a file, whole, and only then changes anything.</summary>
    /// <param name="open">Opens it.</param>
    /// <param name="check">Checks what is in it, and returns the parameters to be copied and what then is to be done.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Gives up before anything is changed.</param>
    /// <param name="optimizer">The optimizer, which may share its work with other processes; null if there is none.</param>
    private static ParameterMatch Read(
        Func<TorchFile> open, Func<TorchFile, (ParameterMatch Match, Action Change)> check, IProgress<double>? progress, CancellationToken cancellationToken, Optimizer? optimizer = null)
    {
        TorchFile? opened = null;
        try
        {
            var (match, change, transfer) = optimizer is null ? Check() : optimizer.Together("load the run", Check);
            match.Copy(transfer);
            change();
            return match;
        }
        finally
        {
            opened?.Dispose();
        }

        (ParameterMatch, Action, Transfer) Check()
        {
            var file = opened = open();
            try
            {
                var (match, change) = check(file);
                var transfer = new Transfer(progress, cancellationToken) { Total = file.Length + match.Length };
                file.Verify(transfer);
                transfer.Commit();
                return (match, change, transfer);
            }
            catch (Exception failure) when (failure is InvalidDataException or ArgumentException)
            {
                throw ByteSource.Damaged(file.Name, failure.Message.TrimEnd('.'), failure);
            }
        }
    }
}
