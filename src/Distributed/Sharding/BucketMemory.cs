using GpuOptim.Host;

namespace GpuOptim.Distributed.Sharding;

/// <summary>
/// The memory that buckets use in a step. What other ranks send is taken in turns by two places. What is sent and comes back has a place for each bucket, so
/// that parameters change only once all is here; or two, in turns, which is less.
/// </summary>
internal sealed class BucketMemory : IDisposable
{
    /// <summary>Buckets that are under way where places are taken in turns.</summary>
    public const int Turns = 2;

    private const long Alignment = 256;

    private readonly DeviceBuffer<float>[] _blocks;

    /// <summary>Gives buckets their places.</summary>
    public BucketMemory(Device device, IReadOnlyList<Bucket> buckets, bool isAtomic)
    {
        var places = isAtomic ? buckets.Count : Math.Min(Turns, buckets.Count);
        var flat = new long[places];
        var received = new long[Turns];
        var partial = 0L;
        for (var i = 0; i < buckets.Count; i++)
        {
            flat[i % places] = Math.Max(flat[i % places], Aligned(buckets[i].FlatBytes));
            received[i % Turns] = Math.Max(received[i % Turns], Aligned(buckets[i].ReceivedBytes));
            partial = Math.Max(partial, Aligned(buckets[i].PartialBytes));
        }
        _blocks = [Allocate(device, flat), Allocate(device, received), Allocate(device, [partial])];
        Bytes = _blocks.Sum(block => block.SizeInBytes);
        for (var i = 0; i < buckets.Count; i++)
            buckets[i].Build(At(_blocks[0], flat, i % places), At(_blocks[1], received, i % Turns), buckets[i].PartialBytes == 0 ? 0 : _blocks[2].Address);
    }

    /// <summary>How many bytes there are.</summary>
    public long Bytes { get; }

    public void Dispose() => Array.ForEach(_blocks, block => block.Dispose());

    private static DeviceBuffer<float> Allocate(Device device, long[] places) => device.CreateBuffer<float>(places.Sum() / sizeof(float));

    private static nint At(DeviceBuffer<float> block, long[] places, int place) => block.Address + (nint)places.Take(place).Sum();

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
