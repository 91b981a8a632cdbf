using System.IO.Hashing;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>A run in one file.</summary>
/// <param name="file">The file, which is closed with this.</param>
internal sealed class FileRun(SafetensorsFile file) : IRunSource
{
    private CheckpointMetadata? _metadata;

    public string Name => file.Name;

    public string Id { get; private set; } = "";

    public long Length => file.Entries.Values.Sum(entry => entry.Length);

    public long VerifiedLength => Length;

    public CheckpointMetadata ReadMetadata()
    {
        _metadata = CheckpointMetadata.Parse(file.Metadata);
        Id = ThrowIfHeaderIsDamaged(file);
        return _metadata;
    }

    public IReadOnlyDictionary<string, FileTensor> Tensors(Transfer transfer) => file.Entries.ToDictionary(pair => pair.Key, pair => file.Tensor(pair.Value, transfer));

    public void Verify(Transfer transfer) => Verify(file, _metadata!.Digests, transfer);

    public void Dispose() => file.Dispose();

    /// <summary>Compares a header with its digest.</summary>
    /// <returns>The digest.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static string ThrowIfHeaderIsDamaged(SafetensorsFile file) =>
        file.Metadata.GetValueOrDefault(CheckpointMetadata.HeaderDigest) is { } digest && digest == file.HeaderDigest(CheckpointMetadata.HeaderDigest)
            ? digest
            : throw new InvalidDataException($"The header is damaged: metadata '{CheckpointMetadata.HeaderDigest}' must be its digest");

    /// <summary>Compares all tensors of a file with their digests.</summary>
    /// <exception cref="InvalidDataException">One is damaged.</exception>
    public static void Verify(SafetensorsFile file, IReadOnlyDictionary<string, string> digests, Transfer transfer)
    {
        foreach (var entry in file.Entries.Values)
            Verify(file, entry, digests, transfer);
    }

    private static void Verify(SafetensorsFile file, SafetensorsEntry entry, IReadOnlyDictionary<string, string> digests, Transfer transfer)
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
            transfer.Advance(part.Length);
        }
        var actual = Convert.ToHexStringLower(hash.GetCurrentHash());
        if (actual != expected)
            throw new InvalidDataException($"Tensor '{entry.Name}' is damaged: its digest must be {expected}. Actual digest was {actual}");
    }
}
