using System.Diagnostics;

namespace GpuOptim.Distributed.Nccl;

/// <summary>Ways in which all ranks learn the identifier that one has drawn.</summary>
internal static unsafe class NcclIds
{
    /// <summary>The environment variable with the identifier.</summary>
    public const string Variable = "GPUOPTIM_NCCL_ID";

    /// <summary>A new one.</summary>
    public static NcclId Draw(NcclFunctions functions)
    {
        NcclId id = default;
        functions.Check(functions.GetUniqueId(&id), "ncclGetUniqueId");
        return id;
    }

    /// <summary>Through another communicator of the same ranks.</summary>
    public static NcclId Through(ICommunicator peers, NcclFunctions functions)
    {
        var id = peers.Rank == 0 ? Draw(functions) : default;
        using var buffer = peers.Device.CreateBuffer<float>(NcclId.Length / sizeof(float));
        peers.Device.CopyFromHost(id.Bytes, buffer.Address);
        peers.Broadcast(buffer.Address, NcclId.Length, WireType.Byte, 0).Wait();
        peers.Device.CopyToHost(buffer.Address, id.Bytes);
        return id;
    }

    /// <summary>Through a file that rank 0 writes, whole or not at all.</summary>
    public static NcclId Through(string path, int rank, TimeSpan timeout, NcclFunctions functions)
    {
        if (rank == 0)
        {
            var id = Draw(functions);
            var part = $"{path}.{Guid.NewGuid():N}.tmp";
            File.WriteAllBytes(part, id.Bytes);
            File.Move(part, path, overwrite: true);
            return id;
        }
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (File.Exists(path) && File.ReadAllBytes(path) is { Length: NcclId.Length } bytes)
                    return NcclId.Of(bytes);
            }
            catch (IOException)
            {
                // A shared file system may show it before it can be read.
            }
            if (Stopwatch.GetElapsedTime(began) > timeout)
                throw new CommunicationException($"Rank {rank} waited {timeout.TotalSeconds:0.#} s for rank 0 to write '{path}'. Rank 0 is gone or late, or does not see the same folder; or raise NcclOptions.Timeout.");
            Thread.Sleep(20);
        }
    }

    /// <summary>From the environment.</summary>
    public static NcclId FromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        try
        {
            if (text is { Length: 2 * NcclId.Length })
                return NcclId.Of(Convert.FromHexString(text));
        }
        catch (FormatException)
        {
        }
        throw new CommunicationException($"The environment variable {Variable} must be the same {2 * NcclId.Length} hexadecimal digits on all ranks, as NcclCommunicator.CreateId makes them. Actual value was {(text is null ? "none" : $"'{text}'")}.");
    }
}
