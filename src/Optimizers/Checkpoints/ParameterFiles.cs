namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Tensors of a <c>.safetensors</c> file, or of the several that an index names, open for reading.</summary>
internal sealed class ParameterFiles : IDisposable
{
    /// <summary>A set may be replaced while it is opened; that often, something else is wrong.</summary>
    private const int Attempts = 5;

    private readonly List<SafetensorsFile> _files = [];

    private ParameterFiles(string name) => Name = name;

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>The tensors by name.</summary>
    public Dictionary<string, FileTensor> Tensors { get; private init; } = [];

    /// <summary>Opens a file, an index (<c>.json</c>) or a folder that has one, and checks the structure of all files.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or missing, or a tensor is not where the index says.</exception>
    public static ParameterFiles Open(string path)
    {
        if (Directory.Exists(path))
            path = ShardIndex.Find(path);
        else if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            return Of(SafetensorsFile.Open(path));
        path = FileLink.Follow(path);

        for (var attempt = 1; ; attempt++)
        {
            var index = ShardIndex.Read(path);
            var files = new ParameterFiles(path);
            try
            {
                files.Open(index);
                return files;
            }
            catch (Exception failure)
            {
                files.Dispose();
                if (attempt == Attempts || !IsReplaced(failure, path, index))
                    throw;
            }
            Thread.Sleep(attempt * 10);
        }
    }

    /// <summary>One file, which is closed with this.</summary>
    public static ParameterFiles Of(SafetensorsFile file) => new(file.Name) { Tensors = file.Tensors(), _files = { file } };

    public void Dispose() => _files.ForEach(file => file.Dispose());

    /// <summary>
    /// Whether what failed may be due to a writer at work: it removes old shards, and holds each while it does, or has put another index in place.
    /// </summary>
    private static bool IsReplaced(Exception failure, string path, ShardIndex index) =>
        failure is IOException || (failure is InvalidDataException && ShardIndex.Read(path).Save != index.Save);

    private void Open(ShardIndex index)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(Name))!;
        foreach (var shard in index.Files.GroupBy(pair => pair.Value, pair => pair.Key))
        {
            var file = OpenShard(Path.Combine(folder, shard.Key), shard.First());
            _files.Add(file);
            if (index.Save is not null && file.Metadata.GetValueOrDefault(ShardIndex.SaveKey) != index.Save)
                throw ByteSource.Damaged(Name, $"File '{shard.Key}' must be of the same save as the index. It is of another");
            foreach (var name in shard)
            {
                if (!file.Entries.TryGetValue(name, out var entry))
                    throw ByteSource.Damaged(Name, $"Tensor '{name}' must be in file '{shard.Key}', as the index says. It is missing there");
                Tensors.Add(name, file.Tensor(entry));
            }
        }
    }

    private SafetensorsFile OpenShard(string path, string tensor)
    {
        try
        {
            return SafetensorsFile.Open(path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        {
            throw ByteSource.Damaged(Name, $"File '{Path.GetFileName(path)}' of tensor '{tensor}' is missing", missing);
        }
    }
}
