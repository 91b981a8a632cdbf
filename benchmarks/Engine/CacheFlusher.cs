namespace GpuOptim.Benchmarks.Engine;

/// <summary>Fills the caches with other things.</summary>
internal sealed class CacheFlusher
{
    private const int LineBytes = 64;
    private const long LeastBytes = 64 << 20;

    private readonly byte[] _bytes = new byte[Math.Min(Array.MaxLength, Math.Max(LeastBytes, 2 * MachineReader.Caches.Select(cache => cache.Bytes).DefaultIfEmpty().Max()))];

    /// <summary>Writes to each line of memory twice as large as the largest cache, from each core.</summary>
    public void Flush() => Parallel.For(0, Environment.ProcessorCount, _ =>
    {
        // Every core goes through all of it: the smaller caches are its own.
        for (long i = 0; i < _bytes.LongLength; i += LineBytes)
            Volatile.Write(ref _bytes[i], (byte)(Volatile.Read(ref _bytes[i]) + 1));
    });
}
