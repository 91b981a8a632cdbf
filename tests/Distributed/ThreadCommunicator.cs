using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using GpuOptim.Distributed;
using GpuOptim.Host;

namespace GpuOptim.Tests.Distributed;

/// <summary>
/// Ranks that are threads of one process, as an engine might write them. Operations run on a thread of their own, late, so that who looks at memory too early
/// finds that it was too early. Through the device's copies, so that the device may be any.
/// </summary>
internal sealed unsafe class ThreadCommunicator : ICommunicator
{
    private readonly World _world;
    private readonly BlockingCollection<(Action Run, TaskCompletionSource Done)> _operations = [];
    private readonly Thread _thread;

    private ThreadCommunicator(World world, int rank, Device device)
    {
        (_world, Rank, Device) = (world, rank, device);
        _thread = new(Work) { IsBackground = true };
        _thread.Start();
    }

    public int Rank { get; }

    public int Size => _world.Size;

    public Device Device { get; }

    /// <summary>Whether a reduce-scatter adds in the order of ranks, in float32; else in none that anybody would choose.</summary>
    public bool AddsInRankOrder { get; set; }

    /// <summary>Bytes that this rank's collectives sent, by what they are.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Makes an operation of this rank fail; given its number, from 0.</summary>
    public Func<int, bool>? Fails { get; set; }

    private int _number;

    /// <summary>Has as many ranks do something, each on a thread and device of its own, and throws what the first of them to fail threw.</summary>
    public static T[] Run<T>(int size, Func<ThreadCommunicator, T> rank, Func<Device>? open = null, TimeSpan? timeout = null)
    {
        using var world = new World(size, timeout ?? TimeSpan.FromSeconds(10));
        var results = new T[size];
        var failures = new ConcurrentQueue<(int Rank, Exception Failure)>();
        var threads = Enumerable.Range(0, size).Select(i => new Thread(() =>
        {
            try
            {
                using var device = open?.Invoke() ?? new SimdDevice(threads: 1);
                using var communicator = new ThreadCommunicator(world, i, device);
                results[i] = rank(communicator);
            }
            catch (Exception failure)
            {
                failures.Enqueue((i, failure));
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (failures.OrderBy(each => each.Failure is CommunicationException).FirstOrDefault() is { Failure: not null } first)
            throw new AggregateException($"Rank {first.Rank}: {first.Failure.Message}", failures.Select(each => each.Failure));
        return results;
    }

    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        long[] all = [.. counts];
        BytesSent += (Size - 1) * all[Rank] * Bytes(type);
        return Begin(() => Gather(Read(source, all[Rank] * Bytes(type)), parts => Write(destination, [.. parts.SelectMany(part => part)])));
    }

    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        long[] all = [.. counts];
        BytesSent += (all.Sum() - all[Rank]) * Bytes(type);
        return Begin(() => Gather(Read(source, all.Sum() * Bytes(type)), parts => Write(destination, Part(AddsInRankOrder ? SumInOrder(parts, type) : Sum([.. parts.Reverse()], type), all, Rank, Bytes(type)))));
    }

    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type)
    {
        long[] sent = [.. sourceCounts], taken = [.. destinationCounts];
        BytesSent += (sent.Sum() - sent[Rank]) * Bytes(type);
        return Begin(() =>
        {
            byte[][] own = [.. Enumerable.Range(0, Size).Select(rank => Part(Read(source, sent.Sum() * Bytes(type)), sent, rank, Bytes(type)))];
            Gather(own, parts =>
            {
                for (var rank = 0; rank < Size; rank++)
                {
                    if (parts[rank][Rank].Length != taken[rank] * Bytes(type))
                        throw new InvalidOperationException($"Rank {rank} sends {parts[rank][Rank].Length} bytes to rank {Rank}, which expects {taken[rank] * Bytes(type)}.");
                }
                Write(destination, [.. parts.SelectMany(part => part[Rank])]);
            });
        });
    }

    public Collective AllReduce(nint buffer, long count, WireType type)
    {
        BytesSent += 2 * (Size - 1) * count * Bytes(type) / Size;
        return Begin(() => Gather(Read(buffer, count * Bytes(type)), parts => Write(buffer, Sum([.. parts.Reverse()], type))));
    }

    public Collective Broadcast(nint buffer, long count, WireType type, int root)
    {
        BytesSent += Rank == root ? (Size - 1) * count * Bytes(type) : 0;
        return Begin(() => Gather(Read(buffer, count * Bytes(type)), parts =>
        {
            if (Rank != root)
                Write(buffer, parts[root]);
        }));
    }

    public void Dispose()
    {
        _operations.CompleteAdding();
        _thread.Join();
        _operations.Dispose();
    }

    private static int Bytes(WireType type) => type switch
    {
        WireType.Byte => 1,
        WireType.Float32 => 4,
        WireType.Float64 => 8,
        _ => 2,
    };

    private static byte[] Part(byte[] all, long[] counts, int rank, int size) =>
        all.AsSpan((int)(counts.Take(rank).Sum() * size), (int)(counts[rank] * size)).ToArray();

    private static byte[] Sum(byte[][] parts, WireType type)
    {
        var sum = (byte[])parts[0].Clone();
        foreach (var part in parts.Skip(1))
        {
            switch (type)
            {
                case WireType.Float32: Add<float>(sum, part, (a, b) => a + b); break;
                case WireType.Float64: Add<double>(sum, part, (a, b) => a + b); break;
                case WireType.BFloat16: Add<BFloat16>(sum, part, (a, b) => (BFloat16)((float)a + (float)b)); break;
                case WireType.Float16: Add<Half>(sum, part, (a, b) => (Half)((float)a + (float)b)); break;
                default: throw new ArgumentException("Bytes cannot be added.");
            }
        }
        return sum;

        static void Add<T>(byte[] to, byte[] from, Func<T, T, T> add) where T : unmanaged
        {
            var a = MemoryMarshal.Cast<byte, T>(to.AsSpan());
            var b = MemoryMarshal.Cast<byte, T>(from.AsSpan());
            for (var i = 0; i < a.Length; i++)
                a[i] = add(a[i], b[i]);
        }
    }

    /// <summary>The sum in the order of ranks, taken in float32 and rounded at the end.</summary>
    private static byte[] SumInOrder(byte[][] parts, WireType type)
    {
        return type switch
        {
            WireType.BFloat16 => Round<BFloat16>(value => value, value => (BFloat16)value),
            WireType.Float16 => Round<Half>(value => (float)value, value => (Half)value),
            _ => Sum(parts, type),
        };

        byte[] Round<T>(Func<T, float> widen, Func<float, T> round) where T : unmanaged
        {
            byte[][] wide = [.. parts.Select(part => MemoryMarshal.AsBytes<float>([.. MemoryMarshal.Cast<byte, T>(part).ToArray().Select(widen)]).ToArray())];
            return MemoryMarshal.AsBytes<T>([.. MemoryMarshal.Cast<byte, float>(Sum(wide, WireType.Float32)).ToArray().Select(round)]).ToArray();
        }
    }

    private Pending Begin(Action run)
    {
        var (done, number) = (new TaskCompletionSource(), _number++);
        if (Fails?.Invoke(number) == true)
            run = () => throw new CommunicationException($"Operation {number} of rank {Rank} was made to fail.");
        // What was given to the device before is done first.
        Device.Synchronize();
        _operations.Add((run, done));
        return new Pending(done.Task);
    }

    private void Work()
    {
        var failure = default(Exception);
        foreach (var (run, done) in _operations.GetConsumingEnumerable())
        {
            if (_world.Random.Next(16) == 0)
                Thread.Sleep(1);
            try
            {
                if (failure is null)
                    run();
            }
            catch (Exception exception)
            {
                failure = exception;
                _world.Fail();
            }
            if (failure is null)
                done.SetResult();
            else
                done.SetException(failure);
        }
    }

    private byte[] Read(nint address, long bytes)
    {
        var read = new byte[bytes];
        Device.CopyToHost(address, read);
        return read;
    }

    private void Write(nint address, byte[] bytes) => Device.CopyFromHost(bytes, address);

    /// <summary>Has every rank see what all put down.</summary>
    private void Gather<T>(T own, Action<T[]> take)
    {
        _world.Board[Rank] = own!;
        _world.Meet();
        T[] all = [.. _world.Board.Cast<T>()];
        take(all);
        _world.Meet();
    }

    private sealed class World(int size, TimeSpan timeout) : IDisposable
    {
        private readonly Barrier _barrier = new(size);
        private readonly CancellationTokenSource _failed = new();

        public int Size => size;

        public object[] Board { get; } = new object[size];

        public Random Random { get; } = Random.Shared;

        public void Fail() => _failed.Cancel();

        public void Dispose()
        {
            _barrier.Dispose();
            _failed.Dispose();
        }

        public void Meet()
        {
            try
            {
                if (!_barrier.SignalAndWait(timeout, _failed.Token))
                    throw new CommunicationException($"A rank did not come within {timeout.TotalSeconds} s.");
            }
            catch (OperationCanceledException)
            {
                throw new CommunicationException("Another rank failed.");
            }
        }
    }

    private sealed class Pending(Task task) : Collective
    {
        public override void Wait()
        {
            try
            {
                task.GetAwaiter().GetResult();
            }
            catch (CommunicationException failure)
            {
                throw new CommunicationException(failure.Message, failure);
            }
        }
    }
}
