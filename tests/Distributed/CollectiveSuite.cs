using GpuOptim.Distributed;
using GpuOptim.Host;

namespace GpuOptim.Tests.Distributed;

/// <summary>Every operation and type, held to a plain computation, with even, uneven and no elements. Runs on each rank, which knows what the others have.</summary>
/// <param name="communicator">The communicator; its device may be any.</param>
internal sealed unsafe class CollectiveSuite(ICommunicator communicator)
{
    private static readonly WireType[] _types = Enum.GetValues<WireType>();
    private readonly int _rank = communicator.Rank, _size = communicator.Size;

    /// <summary>Runs all.</summary>
    /// <exception cref="InvalidOperationException">Something came out wrong.</exception>
    public void Run()
    {
        foreach (var type in _types)
        {
            foreach (var counts in Counts())
            {
                AllGather(counts, type, inPlace: false);
                AllGather(counts, type, inPlace: true);
                AllToAll(counts, type);
                if (type != WireType.Byte)
                    ReduceScatter(counts, type);
            }
            foreach (var count in (int[])[0, 1, 40])
            {
                for (var root = 0; root < _size; root++)
                    Broadcast(count, root, type);
                if (type != WireType.Byte)
                    AllReduce(count, type);
            }
        }
        SameBits();
    }

    private IEnumerable<long[]> Counts() =>
    [
        [.. Enumerable.Repeat(16L, _size)],
        [.. Enumerable.Range(0, _size).Select(rank => 3L + 11 * rank)],
        [.. Enumerable.Range(0, _size).Select(rank => rank % 2 == 0 ? 0L : 9)],
        [.. Enumerable.Range(0, _size).Select(rank => rank == _size - 1 ? 20L : 0)],
        new long[_size],
    ];

    private void AllGather(long[] counts, WireType type, bool inPlace)
    {
        var own = Numbers(_rank, counts[_rank], type);
        byte[] expected = [.. Enumerable.Range(0, _size).SelectMany(rank => Numbers(rank, counts[rank], type))];
        using var destination = new Memory(communicator.Device, expected.Length);
        var start = (int)counts[.._rank].Sum() * Size(type);
        if (inPlace)
        {
            destination.Write(own, start);
            communicator.AllGather(destination.Address + start, destination.Address, counts, type).Wait();
        }
        else
        {
            using var source = new Memory(communicator.Device, own.Length);
            source.Write(own, 0);
            communicator.AllGather(source.Address, destination.Address, counts, type).Wait();
        }
        Verify(expected, destination, $"all-gather of {type}, {string.Join(' ', counts)}, in place {inPlace}");
    }

    private void ReduceScatter(long[] counts, WireType type)
    {
        var total = counts.Sum();
        using var source = new Memory(communicator.Device, (int)total * Size(type));
        using var destination = new Memory(communicator.Device, (int)counts[_rank] * Size(type));
        source.Write(Numbers(_rank, total, type), 0);
        communicator.ReduceScatter(source.Address, destination.Address, counts, type).Wait();
        var start = (int)counts[.._rank].Sum();
        Verify(Sums(total, type)[(start * Size(type))..((start + (int)counts[_rank]) * Size(type))], destination, $"reduce-scatter of {type}, {string.Join(' ', counts)}");
    }

    private void AllToAll(long[] counts, WireType type)
    {
        // From one rank to another goes what the counts have for their distance.
        long Between(int from, int to) => counts[(from + 2 * to) % _size];
        byte[] Part(int from, int to) => Numbers(10 * from + to, Between(from, to), type);
        long[] sends = [.. Enumerable.Range(0, _size).Select(to => Between(_rank, to))];
        long[] receives = [.. Enumerable.Range(0, _size).Select(from => Between(from, _rank))];
        byte[] own = [.. Enumerable.Range(0, _size).SelectMany(to => Part(_rank, to))];
        byte[] expected = [.. Enumerable.Range(0, _size).SelectMany(from => Part(from, _rank))];
        using var source = new Memory(communicator.Device, own.Length);
        using var destination = new Memory(communicator.Device, expected.Length);
        source.Write(own, 0);
        communicator.AllToAll(source.Address, sends, destination.Address, receives, type).Wait();
        Verify(expected, destination, $"all-to-all of {type}, {string.Join(' ', counts)}");
    }

    private void AllReduce(int count, WireType type)
    {
        using var buffer = new Memory(communicator.Device, count * Size(type));
        buffer.Write(Numbers(_rank, count, type), 0);
        communicator.AllReduce(buffer.Address, count, type).Wait();
        Verify(Sums(count, type), buffer, $"all-reduce of {count} {type}");
    }

    private void Broadcast(int count, int root, WireType type)
    {
        using var buffer = new Memory(communicator.Device, count * Size(type));
        buffer.Write(Numbers(_rank, count, type), 0);
        communicator.Broadcast(buffer.Address, count, type, root).Wait();
        Verify(Numbers(root, count, type), buffer, $"broadcast of {count} {type} by {root}");
    }

    /// <summary>Sums that depend on the order of adding come out the same on all ranks.</summary>
    private void SameBits()
    {
        foreach (var type in _types.Where(type => type != WireType.Byte))
        {
            const int Count = 3001;
            var random = new Random(_rank);
            using var buffer = new Memory(communicator.Device, Count * Size(type));
            buffer.Write([.. Enumerable.Range(0, Count).SelectMany(_ => Bytes(random.NextSingle() * MathF.Pow(10, random.Next(-3, 3)), type))], 0);
            communicator.AllReduce(buffer.Address, Count, type).Wait();
            var own = buffer.Read();
            communicator.Broadcast(buffer.Address, Count, type, 0).Wait();
            Verify(own, buffer, $"bits of an all-reduce of {type} on rank 0 and {_rank}");
        }
    }

    /// <summary>Small whole numbers, which all types hold, and their sums too.</summary>
    private static byte[] Numbers(int seed, long count, WireType type) => [.. Enumerable.Range(0, (int)count).SelectMany(i => Bytes((seed * 7 + i * 3) % 31, type))];

    private byte[] Sums(long count, WireType type) =>
        [.. Enumerable.Range(0, (int)count).SelectMany(i => Bytes(Enumerable.Range(0, _size).Sum(rank => (rank * 7 + i * 3) % 31), type))];

    private static byte[] Bytes(float value, WireType type) => type switch
    {
        WireType.Byte => [(byte)value],
        WireType.Float16 => BitConverter.GetBytes((Half)value),
        WireType.BFloat16 => BitConverter.GetBytes(((BFloat16)value).Bits),
        WireType.Float32 => BitConverter.GetBytes(value),
        _ => BitConverter.GetBytes((double)value),
    };

    private static int Size(WireType type) => Bytes(0, type).Length;

    private static void Verify(byte[] expected, Memory actual, string what)
    {
        var bytes = actual.Read();
        if (!expected.AsSpan().SequenceEqual(bytes))
            throw new InvalidOperationException($"{what} must be {Convert.ToHexString(expected)}. Actual was {Convert.ToHexString(bytes)}.");
        actual.VerifyGuard(what);
    }

    /// <summary>Memory on a device, with something behind it that must stay.</summary>
    private sealed class Memory(Device device, int bytes) : IDisposable
    {
        private const int Guard = 8;

        private readonly DeviceBuffer<BFloat16> _buffer = device.CreateBuffer<BFloat16>((bytes + Guard + 1) / 2 + 1);

        public nint Address => _buffer.Address;

        public void Write(byte[] values, int start) => device.CopyFromHost(values, Address + start);

        public byte[] Read() => Read(0, bytes);

        public void VerifyGuard(string what)
        {
            if (Read(bytes, Guard).AsSpan().ContainsAnyExcept((byte)0))
                throw new InvalidOperationException($"{what} wrote behind its end.");
        }

        public void Dispose() => _buffer.Dispose();

        private byte[] Read(int start, int length)
        {
            var values = new byte[length];
            device.CopyToHost(Address + start, values);
            return values;
        }
    }
}
