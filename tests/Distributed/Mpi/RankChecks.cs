using System.Runtime.InteropServices;
using GpuOptim.Distributed;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Checks that a rank makes beside those of each operation.</summary>
internal static class RankChecks
{
    /// <summary>Wrong use is refused, and spoils nothing.</summary>
    public static void Arguments(MpiCommunicator communicator)
    {
        var size = communicator.Size;
        using var buffer = communicator.Device.CreateBuffer<float>(8);
        var address = buffer.Address;
        var counts = new long[size];
        Refuses<ArgumentException>("counts must have a count for each", () => communicator.AllGather(address, address, new long[size + 1], WireType.Float32));
        counts[0] = -1;
        Refuses<ArgumentOutOfRangeException>("counts must not be negative", () => communicator.AllGather(address, address, counts, WireType.Float32));
        Refuses<ArgumentOutOfRangeException>("count must not be negative", () => communicator.AllReduce(address, -1, WireType.Float32));
        Refuses<ArgumentOutOfRangeException>("can be added", () => communicator.AllReduce(address, 1, WireType.Byte));
        Refuses<ArgumentOutOfRangeException>("can be added", () => communicator.ReduceScatter(address, address, new long[size], WireType.Byte));
        Refuses<ArgumentOutOfRangeException>("root must be in", () => communicator.Broadcast(address, 1, WireType.Byte, size));
        Refuses<ArgumentException>("buffer must be an address", () => communicator.AllReduce(0, 1, WireType.Float32));
        Refuses<ArgumentException>("must not overlap", () => communicator.ReduceScatter(address, address, [.. Enumerable.Repeat(1L, size)], WireType.Float32));
        Refuses<ArgumentOutOfRangeException>("Timeout must be positive", () => _ = new MpiOptions { Timeout = TimeSpan.Zero });
    }

    /// <summary>MPI has left the runtime its signals: what is null is still an exception.</summary>
    public static void Signals()
    {
        try
        {
            _ = Nothing().Length;
            throw new InvalidOperationException("null has a length.");
        }
        catch (NullReferenceException)
        {
        }
        static string Nothing() => null!;
    }

    /// <summary>Parts of the ranks have collectives of their own, at the same time as the whole.</summary>
    public static void Parts(MpiCommunicator whole)
    {
        var color = whole.Rank % 2;
        using var part = whole.Split(color, -whole.Rank);
        var members = Enumerable.Range(0, whole.Size).Where(rank => rank % 2 == color).Reverse().ToArray();
        Same(members.Length, part.Size, "size of the part");
        Same(whole.Rank, members[part.Rank], "order of the part");
        using var sums = whole.Device.CreateBuffer<float>([whole.Rank + 1, 100]);
        var first = whole.AllReduce(sums.Address, 1, WireType.Float32);
        part.AllReduce(sums.Address + 4, 1, WireType.Float32).Wait();
        first.Wait();
        Same(whole.Size * (whole.Size + 1) / 2, sums.ToArray()[0], "sum of all");
        Same(100 * members.Length, sums.ToArray()[1], "sum of the part");
    }

    /// <summary>Many operations under way, awaited the last first, and more than once.</summary>
    public static void Many(MpiCommunicator communicator)
    {
        const int Number = 200, Length = 64;
        using var numbers = communicator.Device.CreateBuffer<float>([.. Enumerable.Range(0, Number * Length).Select(i => (float)(i % 97 + communicator.Rank))]);
        var operations = Enumerable.Range(0, Number).Select(i => communicator.AllReduce(numbers.Address + i * Length * sizeof(float), Length, WireType.Float32)).ToArray();
        foreach (var operation in operations.Reverse())
        {
            operation.Wait();
            operation.Wait();
        }
        var size = communicator.Size;
        var result = numbers.ToArray();
        for (var i = 0; i < result.Length; i++)
            Same(i % 97 * size + size * (size - 1) / 2, result[i], $"sum {i}");
    }

    /// <summary>What ranks send in all, they receive in all.</summary>
    public static void Bytes(MpiCommunicator communicator)
    {
        var (sent, received) = (communicator.BytesSent, communicator.BytesReceived);
        using var totals = communicator.Device.CreateBuffer<float>(4);
        Span<double> bytes = [sent, received];
        communicator.Device.CopyFromHost(MemoryMarshal.AsBytes(bytes), totals.Address);
        communicator.AllReduce(totals.Address, 2, WireType.Float64).Wait();
        communicator.Device.CopyToHost(totals.Address, MemoryMarshal.AsBytes(bytes));
        Same(bytes[0], bytes[1], "bytes received");
        Same(communicator.Size > 1, sent > 0, "whether there was anything to send");
        using var all = communicator.Device.CreateBuffer<float>(5 * communicator.Size);
        (sent, received) = (communicator.BytesSent, communicator.BytesReceived);
        communicator.AllGather(all.Address, all.Address, [.. Enumerable.Repeat(5L, communicator.Size)], WireType.Float32).Wait();
        Same(20 * (communicator.Size - 1), communicator.BytesSent - sent, "bytes of an all-gather");
        Same(20 * (communicator.Size - 1), communicator.BytesReceived - received, "bytes of an all-gather");
    }

    /// <summary>Two that must be the same.</summary>
    public static void Same<T>(T expected, T actual, string what) where T : IEquatable<T>
    {
        if (!expected.Equals(actual))
            throw new InvalidOperationException($"{what} must be {expected}. Actual value was {actual}.");
    }

    private static void Refuses<TException>(string message, Action call) where TException : ArgumentException
    {
        try
        {
            call();
        }
        catch (TException refusal) when (refusal.Message.Contains(message, StringComparison.Ordinal))
        {
            return;
        }
        throw new InvalidOperationException($"Nobody said '{message}'.");
    }
}
