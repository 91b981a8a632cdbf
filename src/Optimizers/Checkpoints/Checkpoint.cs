using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// Training runs in <c>.safetensors</c> files: parameters under their own names, the optimizer's state as <c>optimizer/PARAMETER/STATE</c> with
/// PyTorch's names, averages as <c>average/PARAMETER</c>, sums of gradients in the middle of a step as <c>accumulation/PARAMETER</c>, and
/// hyper-parameters, step counts, schedules, the gradient scaler and a digest of each tensor in the metadata. A run that is loaded goes on to the
/// same bits.
/// </summary>
/// <remarks>
/// Of a <c>ShardedOptimizer</c>, all ranks must save and load at the same time. Each gets the whole, by way of its host's memory, and writes it, under one name
/// if that is what they are given; each reads what it needs. <c>ShardedCheckpoint</c> has every rank write its part alone.
/// Format: https://github.com/huggingface/safetensors. Other libraries read the tensors; torch reads parameters as a module's state dictionary.
/// </remarks>
public static partial class Checkpoint
{
    /// <summary>What messages call a stream.</summary>
    private const string StreamName = "stream";

    /// <summary>Writes a run. The file is written aside and renamed once it is whole on the disk, so that an old one is there until then.</summary>
    /// <param name="path">The file; overwritten. Where it is a link, what it leads to is.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public static void Save(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Save(path, optimizer, progress: null, schedules);

    /// <inheritdoc cref="Save(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file; overwritten. Where it is a link, what it leads to is.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="progress">Is told which part of the bytes was written, from 0 to 1.</param>
    /// <param name="schedules">Its schedules.</param>
    public static void Save(string path, Optimizer optimizer, IProgress<double>? progress, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var content = ContentOf(optimizer, schedules);
        content.Write(path, maxBytes: null, new(progress) { Total = content.Length });
    }

    /// <summary>Writes a run to a stream, from where it stands. What cannot seek gets it by way of a temporary file.</summary>
    /// <param name="stream">The stream; it stays open, behind what was written.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written, or the stream cannot be.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public static void Save(Stream stream, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var content = ContentOf(optimizer, schedules);
        content.Write(stream, new() { Total = content.Length });
    }

    /// <summary>
    /// Writes a run while training goes on: copies it to the host's memory, returns, and writes that in the background. The file is what
    /// <see cref="Save(string, Optimizer, IReadOnlyList{ISchedule})"/> would have written at the moment of the call.
    /// </summary>
    /// <param name="path">The file; overwritten. Where it is a link, what it leads to is.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules; null for none.</param>
    /// <param name="progress">Is told which part of the bytes was written, from 0 to 1.</param>
    /// <param name="cancellationToken">Gives up writing; an old file stays.</param>
    /// <returns>Ends when the file is whole on the disk and has its name.</returns>
    /// <remarks>
    /// Takes as much of the host's memory as the run has bytes; the device keeps it for the next time. To dispose of the device waits until all is
    /// written.
    /// </remarks>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public static Task SaveAsync(
        string path, Optimizer optimizer, IReadOnlyList<ISchedule>? schedules = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return WriteAsync(path, ContentOf(optimizer, schedules ?? []), optimizer.Device, maxBytes: null, progress, cancellationToken);
    }

    /// <summary>Takes over a run that <c>Save</c> wrote. The whole file is checked, digests included, before anything is changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or another run's; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public static void Load(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Load(path, optimizer, options: null, schedules);

    /// <inheritdoc cref="Load(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="options">How names and types are taken. A run is taken whole, whatever <see cref="LoadOptions.Strict"/> says.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    public static void Load(string path, Optimizer optimizer, LoadOptions? options, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfUnfit(optimizer, schedules);
        Load(() => Open(ByteSource.Open(path)), optimizer, schedules, options ?? new(), CancellationToken.None);
    }

    /// <summary>Takes over a run from a stream, which is read from where it stands to its end. What cannot seek goes by way of a temporary file.</summary>
    /// <param name="stream">The stream; it stays open, at its end.</param>
    /// <inheritdoc cref="Load(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    public static void Load(Stream stream, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Load(stream, optimizer, options: null, schedules);

    /// <inheritdoc cref="Load(Stream, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="stream">The stream; it stays open, at its end.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="options">How names and types are taken. A run is taken whole, whatever <see cref="LoadOptions.Strict"/> says.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    public static void Load(Stream stream, Optimizer optimizer, LoadOptions? options, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfUnfit(optimizer, schedules);
        Load(() => Open(ByteSource.Of(stream, StreamName)), optimizer, schedules, options ?? new(), CancellationToken.None);
    }

    /// <summary>Takes over a run in the background; nobody else may use the optimizer until it is done.</summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order; null for none.</param>
    /// <param name="options">How names and types are taken, and who is told how far it is.</param>
    /// <param name="cancellationToken">Gives up, while the file is checked, and nothing was changed. Once it is taken over, that is completed.</param>
    /// <returns>Ends when the run is taken over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled. Nothing was changed.</exception>
    /// <inheritdoc cref="Load(string, Optimizer, IReadOnlyList{ISchedule})"/>
    public static Task LoadAsync(
        string path, Optimizer optimizer, IReadOnlyList<ISchedule>? schedules = null, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfUnfit(optimizer, schedules ?? []);
        return Task.Run(() => Load(() => Open(ByteSource.Open(path)), optimizer, schedules ?? [], options ?? new(), cancellationToken), cancellationToken);
    }

    private static CheckpointContent ContentOf(Optimizer optimizer, IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedules);
        return CheckpointContent.Of(optimizer, schedules);
    }

    /// <summary>Refuses an optimizer that can no longer be saved or loaded.</summary>
    internal static void ThrowIfUnfit(Optimizer optimizer, IReadOnlyList<ISchedule> schedules)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedules);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        if (optimizer.GradientScaler is { } scaler)
            ObjectDisposedException.ThrowIf(scaler.IsDisposed, scaler);
    }

    private static Task WriteAsync(string path, CheckpointContent content, Device? device, long? maxBytes, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled(cancellationToken);
        var snapshot = device is null ? null : HostSnapshot.Take(content.Tensors.Values.Select(tensor => tensor.Bytes), device);
        var transfer = new Transfer(progress, cancellationToken) { Total = content.Length };
        return InBackground(() =>
        {
            using (snapshot)
                (snapshot is null ? content : content.With(snapshot.Copies)).Write(path, maxBytes, transfer);
        });
    }

    /// <summary>Does something aside; if it is cancelled, so is the task.</summary>
    internal static async Task InBackground(Action action) => await Task.Run(action, CancellationToken.None).ConfigureAwait(false);

    private static FileRun Open(ByteSource source) => new(SafetensorsFile.Open(source));

    /// <summary>Takes over a run once all of it is checked; where processes share the work, in all of them.</summary>
    internal static void Load(Func<IRunSource> open, Optimizer optimizer, IReadOnlyList<ISchedule> schedules, LoadOptions options, CancellationToken cancellationToken)
    {
        var averaged = optimizer.AveragedNames();
        IRunSource? opened = null;
        try
        {
            var (run, transfer) = optimizer.Together("load the run", () => Check(opened = open()));
            optimizer.ThrowIfNotSame(opened!.Id);
            run.Apply();
            transfer.End();
        }
        finally
        {
            opened?.Dispose();
        }

        (RunReader, Transfer) Check(IRunSource source)
        {
            optimizer.ThrowIfUnloadable();
            // All bytes are read twice: once for their digests.
            var transfer = new Transfer(options.Progress, cancellationToken) { Total = source.VerifiedLength + source.Length };
            try
            {
                var run = RunReader.Read(source, optimizer, schedules, averaged, options, transfer);
                transfer.Commit();
                return (run, transfer);
            }
            catch (Exception failure) when (failure is ArgumentException or InvalidDataException)
            {
                throw ByteSource.Damaged(source.Name, failure.Message.TrimEnd('.'), failure);
            }
        }
    }

    /// <summary>What options write.</summary>
    internal static HyperParameters Describe(OptimizerOptions options)
    {
        var values = new HyperParameters();
        options.Save(values);
        return values;
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
}
