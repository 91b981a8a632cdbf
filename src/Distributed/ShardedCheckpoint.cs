using System.Runtime.ExceptionServices;
using GpuOptim.Distributed.Saving;
using GpuOptim.Distributed.Sharding;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Distributed;

/// <summary>
/// Training runs of a <see cref="ShardedOptimizer"/>: every rank writes what it owns, all at once, and an index, <c>NAME.sharded.json</c>, ties the files
/// together. A run goes on with any number of ranks, or in one process, to the same bits.
/// </summary>
/// <remarks>
/// <para>
/// Files lie beside the index, on a file system that all ranks share: <c>NAME-SAVE-00001-of-00004.safetensors</c> and so on, where SAVE is new with each save.
/// In them are pieces of tensors that <see cref="Checkpoint"/> names, flattened, as <c>TENSOR[START..END]</c>. The index has what one process's file has as
/// metadata, the type, shape and pieces of each tensor, and of each file its length and its header's digest; the header has digests of the pieces.
/// </para>
/// <para>
/// All or none: files are flushed to the disk, then all ranks say that theirs is there, then rank 0 puts the index in place, and then it removes the files
/// of the old one. Whatever rank dies when, the index that is there has its files. What a killed save left, the next one removes.
/// </para>
/// </remarks>
public static class ShardedCheckpoint
{
    /// <summary>Writes a run. All ranks must do so at the same time; when it returns on one, the checkpoint is there.</summary>
    /// <param name="path">The index, <c>NAME.sharded.json</c>, of the same name on all ranks; overwritten. Where it is a link, what it leads to is.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules, which stand alike on all ranks: rank 0's are written, as is its gradient scaler.</param>
    /// <exception cref="ArgumentException">The path is no index's, a parameter's name cannot be written, or a step has been begun. Nothing was written.</exception>
    /// <exception cref="CommunicationException">Another rank failed, and the message says why; or it did not answer. The old checkpoint is there, unless the new one is.</exception>
    /// <exception cref="IOException">A file cannot be written. The old checkpoint is there.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public static void Save(string path, ShardedOptimizer optimizer, params IReadOnlyList<ISchedule> schedules)
    {
        var (content, save) = Begin(path, optimizer, schedules);
        using (save)
        {
            var files = WriteAll(optimizer.Council, save, () => save.Write(content.Pieces));
            Tie(optimizer.Council, save, () =>
            {
                if (save.IsFirst)
                    save.Commit(ShardedIndex.Of(save.Id, content.Metadata, files, content.Tensors));
            });
        }
    }

    /// <summary>
    /// Writes a run while training goes on: copies this rank's part to the host's memory, returns, and writes that in the background. All ranks must call it at the
    /// same time; what then is written is what <see cref="Save"/> would have written at the moment of the call.
    /// </summary>
    /// <param name="path">The index, <c>NAME.sharded.json</c>, of the same name on all ranks; overwritten. Where it is a link, what it leads to is.</param>
    /// <param name="optimizer">The optimizer, with its parameters.</param>
    /// <param name="schedules">Its schedules; null for none.</param>
    /// <param name="timeLimit">How long ranks wait for each other's files; 30 minutes if null.</param>
    /// <returns>
    /// Ends when the index is in place. It fails with an <see cref="IOException"/> if a rank's file is not there in time, and with what kept this rank from writing;
    /// the old checkpoint is there then.
    /// </returns>
    /// <remarks>
    /// Ranks say by their files how far they are, so that nothing passes through the communicator while steps do: rank 0 waits for the files of all, the others for
    /// the index. The next save of the optimizer waits for this one.
    /// </remarks>
    /// <exception cref="ArgumentException">The path is no index's, a parameter's name cannot be written, or a step has been begun. Nothing was written.</exception>
    /// <exception cref="CommunicationException">Another rank failed, and the message says why; or it did not answer. Nothing was written.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public static Task SaveAsync(string path, ShardedOptimizer optimizer, IReadOnlyList<ISchedule>? schedules = null, TimeSpan? timeLimit = null)
    {
        var (content, save) = Begin(path, optimizer, schedules ?? []);
        HostSnapshot? snapshot = null;
        try
        {
            optimizer.Together("save a checkpoint", () => snapshot = HostSnapshot.Take(content.Pieces.Values.Select(piece => piece.Bytes), optimizer.Device));
        }
        catch
        {
            snapshot?.Dispose();
            save.Dispose();
            throw;
        }
        return optimizer.Saving = Checkpoint.InBackground(() =>
        {
            using (save)
                WriteAside(content, save, snapshot!, timeLimit ?? TimeSpan.FromMinutes(30));
        });
    }

    /// <summary>Has all ranks begin a save.</summary>
    private static (ShardedContent Content, ShardedSave Save) Begin(string path, ShardedOptimizer optimizer, IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedules);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        var (rank, ranks) = (optimizer.Communicator.Rank, optimizer.Communicator.Size);
        // Whoever waits for it is told if it fails.
        optimizer.Saving.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        path = optimizer.Together("save a checkpoint", () =>
        {
            if (!path.EndsWith(ShardedIndex.Suffix, StringComparison.Ordinal) || Path.GetFileName(path) == ShardedIndex.Suffix)
                throw new ArgumentException($"path must be an index's: NAME{ShardedIndex.Suffix}. Actual path was '{path}'.", nameof(path));
            optimizer.ThrowIfUnsavable();
            var target = FileLink.Follow(path);
            if (rank == 0)
                ShardedSave.RemoveStale(target);
            return target;
        });
        var averaged = optimizer.AveragedNames();
        var content = optimizer.Together("save a checkpoint", () => ShardedContent.Of(optimizer, averaged, schedules));
        return (content, new(path, AgreeOnId(optimizer.Council, Path.GetFileName(path)), rank, ranks));
    }

    /// <summary>This rank's part of a save in the background.</summary>
    private static void WriteAside(ShardedContent content, ShardedSave save, HostSnapshot snapshot, TimeSpan timeLimit)
    {
        try
        {
            using (snapshot)
                save.Write(content.Pieces.Keys.Zip(content.Pieces.Values, (name, piece) => (name, piece)).Zip(snapshot.Copies).ToDictionary(each => each.First.name, each => new StateTensor(each.First.piece.ElementType, [.. each.First.piece.Shape], each.Second)));
            if (save.IsFirst)
                save.Commit(ShardedIndex.Of(save.Id, content.Metadata, save.AwaitFiles(timeLimit), content.Tensors));
            else
                save.AwaitIndex(timeLimit);
        }
        catch (Exception failure)
        {
            save.GiveUp(failure);
            throw;
        }
    }

    /// <summary>
    /// Takes over a run that any number of ranks saved: on all ranks of a <see cref="ShardedOptimizer"/> at the same time, or in one process with an optimizer of
    /// the kind that they shared out. All is checked, digests included, before anything is changed; each rank compares the digests of a part of the files.
    /// </summary>
    /// <param name="path">The index, <c>NAME.sharded.json</c>.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device; after a step that failed, too.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    /// <exception cref="CommunicationException">Another rank could not load it, and the message says why; or it did not answer. Nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or missing, or another run's; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public static void Load(string path, Optimizer optimizer, params IReadOnlyList<ISchedule> schedules) => Load(path, optimizer, options: null, schedules);

    /// <inheritdoc cref="Load(string, Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The index, <c>NAME.sharded.json</c>.</param>
    /// <param name="optimizer">An optimizer of the same kind, with the same parameters in the same groups, on any device; after a step that failed, too.</param>
    /// <param name="options">How names and types are taken. A run is taken whole, whatever <see cref="LoadOptions.Strict"/> says.</param>
    /// <param name="schedules">Its schedules, of the same kinds, in the same order.</param>
    public static void Load(string path, Optimizer optimizer, LoadOptions? options, params IReadOnlyList<ISchedule> schedules)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Checkpoint.ThrowIfUnfit(optimizer, schedules);
        var (rank, ranks) = optimizer is ShardedOptimizer { Communicator: var communicator } ? (communicator.Rank, communicator.Size) : (0, 1);
        Checkpoint.Load(() => ShardedRun.Open(path, rank, ranks), optimizer, schedules, options ?? new(), CancellationToken.None);
    }

    /// <summary>Has all ranks know by what this save is told from others.</summary>
    private static string AgreeOnId(Council council, string file)
    {
        var said = council.Exchange($"{Guid.NewGuid():N}{file}");
        if (Array.FindIndex(said, each => each[32..] != said[0][32..]) is var other and >= 0)
            throw new CommunicationException($"All ranks must save under the same name. Rank {other} has '{said[other][32..]}' where rank 0 has '{said[0][32..]}'. Nothing was written.");
        return said[0][..32];
    }

    /// <summary>Has every rank write its file, and know what the others wrote.</summary>
    private static ShardFile[] WriteAll(Council council, ShardedSave save, Func<ShardFile> write)
    {
        const string Written = "+", Failed = "-";
        var (text, failure) = ("", default(Exception));
        try
        {
            text = Written + write().ToText();
        }
        catch (Exception exception)
        {
            failure = exception;
            text = $"{Failed}{exception.GetType().Name}: {exception.Message}";
            // Whatever becomes of the others, nobody will ask for this one.
            save.Abandon();
        }
        // Should this not come to an end, others may have heard of this rank's file: it stays, and the next save removes it.
        var said = council.Exchange(text);
        if (Array.FindIndex(said, each => each.StartsWith(Failed, StringComparison.Ordinal)) is not (var rank and >= 0))
            return [.. said.Select(each => ShardFile.OfText(each[Written.Length..]))];
        save.Abandon();
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        throw new CommunicationException($"Rank {rank} could not write its part of the checkpoint, so that there is none; an old one is as it was. {said[rank][Failed.Length..]}");
    }

    /// <summary>Has rank 0 put the index in place, and all know whether it is.</summary>
    private static void Tie(Council council, ShardedSave save, Action commit)
    {
        var failure = default(Exception);
        try
        {
            commit();
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        var said = council.Exchange(failure is null ? "" : $"{failure.GetType().Name}: {failure.Message}");
        if (said[0].Length == 0)
            return;
        save.Abandon();
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        throw new CommunicationException($"Rank 0 could not put the checkpoint's index in place; an old one is as it was. {said[0]}");
    }
}
