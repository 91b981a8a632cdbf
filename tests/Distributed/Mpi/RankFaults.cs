using System.Diagnostics;
using System.Globalization;
using GpuOptim.Distributed;
using GpuOptim.Distributed.Mpi;
using GpuOptim.Host;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Ranks that do wrong, and ranks beside them.</summary>
internal static class RankFaults
{
    public static int Run(string role)
    {
        if (role == "absent")
            return Absent();
        if (role.StartsWith("initialized ", StringComparison.Ordinal))
            return Initialized(int.Parse(role.Split(' ')[1], CultureInfo.InvariantCulture));
        using var device = new SimdDevice(threads: 1);
        using var buffer = device.CreateBuffer<float>(1000);
        var communicator = new MpiCommunicator(device, new() { Timeout = TimeSpan.FromSeconds(role == "killed" ? 20 : 1.5) });
        var culprit = communicator.Rank == communicator.Size - 1;
        communicator.AllReduce(buffer.Address, 1000, WireType.Float32).Wait();
        switch (role)
        {
            case "leaves":
                // Without disposing of anything.
                return 0;
            case "killed" when culprit:
                Process.GetCurrentProcess().Kill();
                break;
            case "throws" when culprit:
                throw new InvalidOperationException("this rank has had enough");
            case "hangs" when culprit:
            case "swallows" when culprit:
                Thread.Sleep(Timeout.Infinite);
                break;
            case "late":
                // One that takes long, but not too long.
                Thread.Sleep(culprit ? 700 : 0);
                break;
            case "differs" when culprit:
                // Another operation than the others', and goes.
                communicator.AllReduce(buffer.Address, 1000, WireType.Float32);
                return 0;
        }
        using (communicator)
        {
            var operation = communicator.AllGather(buffer.Address, buffer.Address, [.. Enumerable.Repeat(10L, communicator.Size)], WireType.Float32);
            try
            {
                operation.Wait();
            }
            catch (CommunicationException failure)
            {
                Console.WriteLine($"caught: {failure.Message}");
                Again(() => communicator.AllReduce(buffer.Address, 1, WireType.Float32));
                Again(operation.Wait);
                Again(() => communicator.Split(0));
                Again(() => _ = new MpiCommunicator(device));
                if (role != "swallows")
                    return RankProgram.Failed;
            }
        }
        Console.WriteLine("the program goes on");
        return 0;
    }

    /// <summary>One does not even come.</summary>
    private static int Absent()
    {
        using var device = new SimdDevice(threads: 1);
        if ((Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") ?? Environment.GetEnvironmentVariable("PMI_RANK")) == "0")
            Thread.Sleep(Timeout.Infinite);
        using var communicator = new MpiCommunicator(device, new() { Timeout = TimeSpan.FromSeconds(1.5) });
        Console.WriteLine("the program goes on");
        return 0;
    }

    /// <summary>The program has initialized MPI itself, and finalizes it.</summary>
    private static unsafe int Initialized(int level)
    {
        MpiLibrary library = new(MpiFinder.Load(MpiLauncher.Current).Library);
        var provided = 0;
        library.Check(library.InitThread(null, null, level, &provided), "MPI_Init_thread");
        using (var device = new SimdDevice(threads: 1))
        {
            // One after the other: MPI stays.
            for (var i = 0; i < 2; i++)
            {
                using var communicator = new MpiCommunicator(device);
                RankChecks.Many(communicator);
            }
        }
        library.Check(library.Finalize(), "MPI_Finalize");
        Console.WriteLine("the program goes on");
        return 0;
    }

    private static void Again(Action call)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            call();
            Console.WriteLine("a call after the failure did not fail");
        }
        catch (CommunicationException failure) when (failure.Message.Contains("failed before: Rank", StringComparison.Ordinal) && Stopwatch.GetElapsedTime(began).TotalSeconds < 0.5)
        {
        }
    }
}
