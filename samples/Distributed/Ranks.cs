using System.Runtime.InteropServices;
using GpuOptim.Distributed;
using GpuOptim.Host;

namespace GpuOptim.Samples.Distributed;

/// <summary>The processes that train together.</summary>
internal static class Ranks
{
    /// <summary>What launchers tell the processes that they start: Open MPI's; MPICH's, Intel's and Microsoft's; Slurm's.</summary>
    private static readonly string[] _signs = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"];

    /// <summary>Joins the ranks that <c>mpirun</c> started; this process is one alone if nobody did.</summary>
    public static ICommunicator Join(Device device) =>
        _signs.Any(sign => Environment.GetEnvironmentVariable(sign) is not null) ? new MpiCommunicator(device) : new SelfCommunicator(device);

    /// <summary>What a rank's operations sent so far.</summary>
    public static long BytesSent(this ICommunicator communicator) => communicator is MpiCommunicator mpi ? mpi.BytesSent : 0;

    /// <summary>Some numbers of all ranks, one rank behind the other.</summary>
    public static double[] Collect(this ICommunicator communicator, params ReadOnlySpan<double> own)
    {
        // A collective moves a device's memory; numbers of other types than tensors have go as bytes.
        using var memory = communicator.Device.CreateBuffer<float>(2L * own.Length * communicator.Size);
        var all = MemoryMarshal.Cast<float, double>(memory.Span);
        var start = own.Length * communicator.Rank;
        own.CopyTo(all[start..]);
        long[] counts = [.. Enumerable.Repeat((long)own.Length * sizeof(double), communicator.Size)];
        communicator.AllGather(memory.Address + start * sizeof(double), memory.Address, counts, WireType.Byte).Wait();
        return all.ToArray();
    }
}
