namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// Memory that a pickle may take. What is allocated counts for good, whether or not it is still in use: that is a bound whatever the collector
/// does.
/// </summary>
/// <param name="fileLength">How many bytes the whole file has.</param>
internal sealed class PickleBudget(long fileLength)
{
    /// <summary>Bytes beyond the file's own length.</summary>
    public const long Allowance = 48L << 20;

    private long _rest = fileLength + Allowance;

    /// <summary>Takes bytes, before they are allocated.</summary>
    /// <exception cref="InvalidDataException">There are not that many.</exception>
    public void Charge(long bytes)
    {
        if ((_rest -= bytes) < 0)
            throw new InvalidDataException($"A pickle must take at most {fileLength + Allowance} bytes of memory: the file's length, and {Allowance >> 20} MB. Its values take more");
    }
}
