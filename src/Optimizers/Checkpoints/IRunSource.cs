namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Where a run is: in a file, or in the files of an index.</summary>
internal interface IRunSource : IDisposable
{
    /// <summary>What messages call it.</summary>
    string Name { get; }

    /// <summary>What tells it from other runs, once its metadata were read.</summary>
    string Id { get; }

    /// <summary>Bytes of all tensors.</summary>
    long Length { get; }

    /// <summary>Bytes of those whose digests are compared here.</summary>
    long VerifiedLength { get; }

    /// <summary>What it holds besides tensors, found undamaged.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    CheckpointMetadata ReadMetadata();

    /// <summary>The tensors by name, whole.</summary>
    /// <param name="transfer">Is told what is read of them.</param>
    IReadOnlyDictionary<string, FileTensor> Tensors(Transfer transfer);

    /// <summary>Compares tensors with their digests.</summary>
    /// <param name="transfer">Is told what was read.</param>
    /// <exception cref="InvalidDataException">One is damaged.</exception>
    void Verify(Transfer transfer);
}
