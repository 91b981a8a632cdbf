using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Distributed;

/// <summary>A process that <c>mpirun</c> starts. Rank 0 reads from its input what all do and how often, and writes how long it took.</summary>
internal static class RankProcess
{
    /// <summary>The verb of such a process; nobody types it.</summary>
    public const string Verb = "rank";

    /// <summary>What lines of rank 0's have before what they say; launchers and libraries write others.</summary>
    public const string Line = "rank 0: ";

    /// <summary>What a line then begins with that tells of a failure.</summary>
    public const string Failure = "! ";

    /// <summary>Does what rank 0 is told, until its input ends.</summary>
    /// <param name="arguments">Threads, bits of a vector, tensors, their order, and the jobs.</param>
    public static int Run(IReadOnlyList<string> arguments)
    {
        int[] numbers = [.. arguments.Take(4).Select(argument => int.Parse(argument, CultureInfo.InvariantCulture))];
        ShardedJob[] jobs = [.. arguments.Skip(4).Select(ShardedJob.Parse)];
        using var scope = new Scope();
        var device = scope.Keep(new SimdDevice(numbers[0], numbers[1]));
        // Whoever measures may think for long between two runs.
        var communicator = scope.Keep(new MpiCommunicator(device, new() { Timeout = TimeSpan.FromHours(1) }));
        var shape = new Shape(numbers[3], numbers[3]);
        Action[] steps = [.. jobs.Select(job => Create(job, communicator, scope, numbers[2], shape))];
        var order = scope.Keep(device.CreateBuffer<float>(4));
        if (communicator.Rank == 0)
            Say(communicator.Implementation);
        while (true)
        {
            var told = MemoryMarshal.Cast<float, long>(order.Span);
            if (communicator.Rank == 0)
                (told[0], told[1]) = Console.ReadLine()?.Split(' ') is [var which, var often] ? (long.Parse(which, CultureInfo.InvariantCulture), long.Parse(often, CultureInfo.InvariantCulture)) : (-1, 0);
            communicator.Broadcast(order.Address, 2 * sizeof(long), WireType.Byte, 0).Wait();
            var (job, repetitions) = ((int)told[0], told[1]);
            if (job < 0)
                return 0;
            var (bytes, start) = (communicator.BytesSent, Stopwatch.GetTimestamp());
            for (var i = 0L; i < repetitions; i++)
                steps[job]();
            var seconds = Ticks.SecondsSince(start) / repetitions;
            bytes = communicator.BytesSent - bytes;
            var all = BytesOfAll(communicator, bytes, order);
            var formula = jobs[job].BytesOfAll(communicator.Size, numbers[2] * (long)shape.Rows * shape.Columns);
            if (communicator.Rank == 0)
            {
                Say(all == formula * repetitions
                    ? seconds.ToString("R", CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{Failure}All ranks must send {formula} bytes a step of {jobs[job].Id}. Actual number was {all / (double)repetitions}."));
            }
        }
    }

    private static void Say(string text) => Console.WriteLine(Line + text);

    /// <summary>Adds up what ranks have sent; below 2^53, so that a double holds it.</summary>
    private static long BytesOfAll(MpiCommunicator communicator, long own, DeviceBuffer<float> memory)
    {
        var sum = MemoryMarshal.Cast<float, double>(memory.Span);
        sum[0] = own;
        communicator.AllReduce(memory.Address, 1, WireType.Float64).Wait();
        return (long)sum[0];
    }

    private static Action Create(ShardedJob job, MpiCommunicator communicator, Scope scope, int count, Shape shape)
    {
        var device = communicator.Device;
        if (job.IsExchange)
            return Exchange(communicator, scope, count * (long)shape.Rows * shape.Columns);
        var parameters = Enumerable.Range(0, count).Select(i => scope.Keep(device.CreateParameter($"p{i}", [shape.Rows, shape.Columns]))).ToArray();
        foreach (var parameter in parameters)
        {
            Numbers.Fill(parameter.Data, Numbers.Parameter);
            // Each rank has gradients of its own.
            Numbers.Fill(parameter.Gradient, place => Numbers.Gradient(place) * (1 + communicator.Rank / 16f));
        }
        OptimizerOptions options = job.Optimizer == "muon" ? new MuonOptions() : new AdamWOptions();
        var sharding = new ShardedOptions { BucketBytes = job.BucketBytes, SumsInRankOrder = job.SumsInRankOrder, Reduction = GradientReduction.Mean };
        var optimizer = scope.Keep(new ShardedOptimizer(communicator, options, parameters, sharding));
        return optimizer.Step;
    }

    /// <summary>The bytes alone: those of gradients all to all, and those of parameters gathered.</summary>
    private static Action Exchange(MpiCommunicator communicator, Scope scope, long length)
    {
        var (source, destination) = (scope.Keep(communicator.Device.CreateBuffer<float>(length)), scope.Keep(communicator.Device.CreateBuffer<float>(length)));
        long[] counts = [.. Enumerable.Range(0, communicator.Size).Select(rank => length * (rank + 1) / communicator.Size - length * rank / communicator.Size)];
        long[] fromEach = [.. Enumerable.Repeat(counts[communicator.Rank], communicator.Size)];
        var received = scope.Keep(communicator.Device.CreateBuffer<float>(fromEach.Sum()));
        var own = destination.Address + (nint)(counts.Take(communicator.Rank).Sum() * sizeof(float));
        return () =>
        {
            communicator.AllToAll(source.Address, counts, received.Address, fromEach, WireType.Float32).Wait();
            communicator.AllGather(own, destination.Address, counts, WireType.Float32).Wait();
        };
    }
}
