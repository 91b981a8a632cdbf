using System.Diagnostics;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <content>A save of which ranks say by their files how far they are: for the background, where nothing may pass through a communicator that steps use.</content>
internal sealed partial class ShardedSave
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(2), _longestPause = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the files of all ranks, which have their names once they are whole.</summary>
    /// <exception cref="IOException">One is not there in time, or its rank says that it could not be written.</exception>
    public ShardFile[] AwaitFiles(TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        var files = new ShardFile[_ranks];
        for (var rank = 0; rank < _ranks; rank++)
        {
            var path = Path.Combine(Folder, NameOf(rank));
            Await(() => File.Exists(path) || File.Exists(path + Failed), watch, limit, $"Rank {rank} did not write its part of the checkpoint within {limit.TotalSeconds} s. An old checkpoint is as it was. File: '{path}'.");
            if (File.Exists(path + Failed))
                throw new IOException($"Rank {rank} could not write its part of the checkpoint. An old checkpoint is as it was. {ReadOr(path + Failed)}");
            using var file = SafetensorsFile.Open(path);
            if (file.Metadata.GetValueOrDefault(ShardFile.SaveKey) != Id)
                throw new IOException($"The file of rank {rank} must be of this save. It is of another. File: '{path}'.");
            files[rank] = ShardFile.Of(NameOf(rank), file);
        }
        return files;
    }

    /// <summary>Waits for the index.</summary>
    /// <exception cref="IOException">It is not there in time, or rank 0 has given up.</exception>
    public void AwaitIndex(TimeSpan limit)
    {
        var path = Path.Combine(Folder, Name);
        var isGone = false;
        // Asked in this order: the file is removed only where there is no index, or another index later.
        Await(() => (isGone = !File.Exists(path)) || Read(_path)?.Save == Id, Stopwatch.StartNew(), limit, $"Rank 0 did not put the checkpoint's index in place within {limit.TotalSeconds} s. File: '{_path}'.");
        if (isGone && Read(_path)?.Save != Id)
            throw new IOException($"Rank 0 has given up the checkpoint, and its failure says why. An old checkpoint is as it was. File: '{_path}'.");
    }

    /// <summary>Has the other ranks know that this one has given up.</summary>
    public void GiveUp(Exception failure)
    {
        try
        {
            if (Read(_path)?.Save == Id)
                return;
            if (!IsFirst)
            {
                // Its file, if it has one, is rank 0's to remove: that may be putting the index in place at this moment.
                if (!_isWritten)
                    AtomicFile.Write(Path.Combine(Folder, Name + Failed), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes($"{failure.GetType().Name}: {failure.Message}")));
                return;
            }
            for (var rank = 0; rank < _ranks; rank++)
            {
                TryDelete(Path.Combine(Folder, NameOf(rank)));
                TryDelete(Path.Combine(Folder, NameOf(rank) + Failed));
            }
        }
        catch (Exception other) when (other is IOException or UnauthorizedAccessException)
        {
            // They find out by the time limit.
        }
    }

    private static void Await(Func<bool> isThere, Stopwatch watch, TimeSpan limit, string otherwise)
    {
        for (var pause = _firstPause; !isThere(); pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
        {
            if (watch.Elapsed > limit)
                throw new IOException(otherwise);
            Thread.Sleep(pause);
        }
    }

    private static string ReadOr(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }
}
