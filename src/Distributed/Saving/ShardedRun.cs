using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <summary>A run in the files that several ranks wrote.</summary>
internal sealed class ShardedRun : IRunSource
{
    /// <summary>A checkpoint may be replaced while it is opened; that often, something else is wrong.</summary>
    private const int Attempts = 5;

    private readonly ShardedIndex _index;
    private readonly List<SafetensorsFile> _files = [];
    private readonly (int Rank, int Ranks) _reader;

    private ShardedRun(string name, ShardedIndex index, (int Rank, int Ranks) reader) => (Name, _index, _reader) = (name, index, reader);

    public string Name { get; }

    public string Id => _index.Save;

    public long Length => _files.Sum(Bytes);

    public long VerifiedLength => Verified().Sum(Bytes);

    /// <summary>Opens a checkpoint, and compares the headers of all files with the index.</summary>
    /// <param name="path">The index.</param>
    /// <param name="rank">Which of those who read it together this is: each compares the digests of a part of the files.</param>
    /// <param name="ranks">How many read it together.</param>
    /// <exception cref="InvalidDataException">The index or a file is damaged, or another save's.</exception>
    public static ShardedRun Open(string path, int rank, int ranks)
    {
        path = FileLink.Follow(path);
        for (var attempt = 1; ; attempt++)
        {
            var run = new ShardedRun(path, ShardedIndex.Read(path), (rank, ranks));
            try
            {
                run.OpenFiles();
                return run;
            }
            catch (Exception failure) when (failure is InvalidDataException or IOException)
            {
                run.Dispose();
                // Whoever writes a new one removes the old files once its index is there.
                if (attempt == Attempts || ShardedIndex.Read(path).Save == run.Id)
                    throw;
            }
            catch
            {
                run.Dispose();
                throw;
            }
        }
    }

    public CheckpointMetadata ReadMetadata() => _index.Metadata;

    public IReadOnlyDictionary<string, FileTensor> Tensors(Transfer transfer) => _index.Tensors.ToDictionary(pair => pair.Key, pair => new FileTensor(
        SafetensorsFile.TypeOf(pair.Value.Type),
        pair.Value.Shape,
        _ => new PiecedBytes([.. pair.Value.Pieces.Select(piece => new TensorBytes.InFile(_files[piece.File], Entry(pair.Key, piece), transfer))])));

    public void Verify(Transfer transfer)
    {
        foreach (var file in Verified())
            FileRun.Verify(file, CheckpointMetadata.ReadDigests(file.Metadata), transfer);
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private IEnumerable<SafetensorsFile> Verified() => _files.Where((_, i) => i % _reader.Ranks == _reader.Rank);

    private static long Bytes(SafetensorsFile file) => file.Entries.Values.Sum(entry => entry.Length);

    private SafetensorsEntry Entry(string tensor, (int File, long Start, long End) piece) => _files[piece.File].Entries[ShardFile.PieceName(tensor, piece.Start, piece.End)];

    private void OpenFiles()
    {
        foreach (var expected in _index.Files)
        {
            var path = Path.Combine(Path.GetDirectoryName(Name)!, expected.Name);
            SafetensorsFile file;
            try
            {
                file = SafetensorsFile.Open(path);
            }
            catch (FileNotFoundException missing)
            {
                throw ByteSource.Damaged(Name, $"File '{expected.Name}' is missing", missing);
            }
            _files.Add(file);
            if (file.Metadata.GetValueOrDefault(ShardFile.SaveKey) != Id)
                throw ByteSource.Damaged(Name, $"File '{expected.Name}' must be of the same save as the index. It is of another");
            if (file.Length != expected.Length || file.HeaderDigest(CheckpointMetadata.HeaderDigest) != expected.Header || file.Metadata.GetValueOrDefault(CheckpointMetadata.HeaderDigest) != expected.Header)
                throw ByteSource.Damaged(Name, $"File '{expected.Name}' is damaged: its length and the digest of its header must be {expected.Length} and {expected.Header}, as the index says");
        }
        foreach (var (name, tensor) in _index.Tensors)
        {
            foreach (var piece in tensor.Pieces)
            {
                if (!_files[piece.File].Entries.TryGetValue(ShardFile.PieceName(name, piece.Start, piece.End), out var entry) || entry.Type != tensor.Type || entry.Shape is not [var length] || length != piece.End - piece.Start)
                    throw ByteSource.Damaged(Name, $"Tensor '{ShardFile.PieceName(name, piece.Start, piece.End)}' of type {tensor.Type} must be in file '{_index.Files[piece.File].Name}', as the index says. It is not");
            }
        }
    }
}
