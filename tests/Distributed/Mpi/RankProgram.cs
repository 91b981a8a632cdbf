using System.Globalization;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>What a rank does that a test has started.</summary>
internal static class RankProgram
{
    /// <summary>How a rank ends that met a failure and said so.</summary>
    public const int Failed = 3;

    public static int Run(string role)
    {
        try
        {
            switch (role)
            {
                case "checks":
                    Checks();
                    return 0;
                default:
                    return RankFaults.Run(role);
            }
        }
        catch (CommunicationException failure)
        {
            Console.WriteLine($"caught: {failure.Message}");
            return Failed;
        }
    }

    /// <summary>All that must work, on the host's memory and on a device's, whole and in pieces.</summary>
    private static void Checks()
    {
        using var simd = new SimdDevice(threads: 1);
        using var communicator = new MpiCommunicator(simd, new() { Timeout = TimeSpan.FromSeconds(40) });
        Console.WriteLine($"rank {communicator.Rank} of {communicator.Size}, local rank {communicator.LocalRank}, {communicator.Implementation}");
        new CollectiveSuite(communicator).Run();
        RankChecks.Arguments(communicator);
        RankChecks.Signals();
        RankChecks.Parts(communicator);
        RankChecks.Many(communicator);
        RankChecks.Bytes(communicator);
        using (var pieces = new MpiCommunicator(simd, new() { PieceLength = 30 }))
            new CollectiveSuite(pieces).Run();
        using var accelerator = IlgpuDevice.OpenCpu(new());
        using (var staged = MpiCommunicator.Open(_ => accelerator))
            new CollectiveSuite(staged).Run();
        using (var passed = new MpiCommunicator(accelerator, new() { SendsDeviceMemory = true }))
            new CollectiveSuite(passed).Run();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {communicator.Rank} is done"));
    }
}
