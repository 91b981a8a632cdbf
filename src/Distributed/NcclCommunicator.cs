using System.Diagnostics.CodeAnalysis;
using GpuOptim.Distributed.Nccl;
using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Distributed;

/// <summary>
/// Ranks on CUDA cards that speak through NVIDIA's NCCL, a card each. The library is found when running, <c>libnccl.so.2</c>; the environment variable
/// <c>GPUOPTIM_NCCL</c> names another.
/// </summary>
/// <remarks>
/// <para>
/// Operations run in a stream of the communicator's own, behind all that the device was given before they were begun; <see cref="Collective.Wait"/> has the
/// device's stream wait for them. The host waits for neither. All ranks' parts of one length are one call of NCCL's; else they are a group of broadcasts or
/// of reductions. An all-to-all is a group of sends and receives.
/// </para>
/// <para>
/// A watchdog aborts NCCL's communicator when an operation is not done within <see cref="NcclOptions.Timeout"/>, 5 minutes unless set, or NCCL tells of an
/// error. The next call and the next <see cref="Collective.Wait"/> say so by a <see cref="CommunicationException"/>; what the device was given after an
/// earlier one has then worked with what lay there.
/// </para>
/// <para>
/// It has not run with a real NCCL, nor on a card. Tests hold the calls, their order, groups, counts, types and streams to a stand-in for NCCL that computes
/// on the virtual card's memory; the declarations are those of NCCL 2.30's header.
/// </para>
/// </remarks>
[RequiresDynamicCode("It is about memory of an IlgpuDevice.")]
public sealed class NcclCommunicator : ICommunicator
{
    private readonly NcclQueue _queue;
    private readonly NcclPosts _posts;
    private readonly Traffic _traffic;

    private NcclCommunicator(IlgpuDevice device, NcclId id, int rank, int size, NcclOptions options, NcclFunctions functions)
    {
        Device = device;
        _queue = new(device, id, rank, size, functions, options);
        _posts = new(_queue);
        _traffic = new(rank, size);
        var version = 0;
        unsafe
        {
            functions.Check(functions.GetVersion(&version), "ncclGetVersion");
        }
        // Up to 2.8 a version had three digits' place, then four.
        Implementation = version < 10000 ? $"NCCL {version / 1000}.{version % 1000 / 100}.{version % 100}" : $"NCCL {version / 10000}.{version % 10000 / 100}.{version % 100}";
    }

    /// <inheritdoc/>
    public int Rank => _queue.Rank;

    /// <inheritdoc/>
    public int Size => _queue.Size;

    /// <inheritdoc/>
    public Device Device { get; }

    /// <summary>The NCCL in use, with its version: <c>NCCL 2.30.7</c>, for instance.</summary>
    public string Implementation { get; }

    /// <summary>Bytes that this rank's operations sent by their definition, see <see cref="MpiCommunicator.BytesSent"/>.</summary>
    public long BytesSent => _traffic.Sent;

    /// <summary>Bytes that this rank's operations received by their definition, see <see cref="MpiCommunicator.BytesSent"/>.</summary>
    public long BytesReceived => _traffic.Received;

    /// <summary>Joins the ranks of another communicator, of MPI for instance, by which they learn what they find each other by.</summary>
    /// <param name="device">A device of <see cref="IlgpuDevice.OpenPrimary"/>; each rank has a card of its own. It stays the caller's.</param>
    /// <param name="peers">The same ranks; not needed afterwards. Its device may be another.</param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <exception cref="ArgumentException"><paramref name="device"/> is not in the primary context of a CUDA card.</exception>
    /// <exception cref="CommunicationException">There is no NCCL, it tells of an error, or another rank does not come.</exception>
    public static NcclCommunicator FromCommunicator(IlgpuDevice device, ICommunicator peers, NcclOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(peers);
        return Join(device, peers.Rank, peers.Size, options, (functions, _) => NcclIds.Through(peers, functions));
    }

    /// <summary>Joins ranks that share a file system.</summary>
    /// <param name="device">A device of <see cref="IlgpuDevice.OpenPrimary"/>; each rank has a card of its own. It stays the caller's.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="path">
    /// A file that rank 0 writes, the others wait for, and rank 0 deletes once all are there. The name must be new for each run, the job's number in it, say:
    /// what a killed run left would mislead.
    /// </param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <exception cref="ArgumentException"><paramref name="device"/> is not in the primary context of a CUDA card.</exception>
    /// <exception cref="CommunicationException">There is no NCCL, it tells of an error, or another rank does not come.</exception>
    public static NcclCommunicator FromFile(IlgpuDevice device, int rank, int size, string path, NcclOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var communicator = Join(device, rank, size, options, (functions, timeout) => NcclIds.Through(path, rank, timeout, functions));
        if (rank == 0)
            File.Delete(path);
        return communicator;
    }

    /// <summary>Joins ranks whose environment variable <c>GPUOPTIM_NCCL_ID</c> is the same: what <see cref="CreateId()"/> made for the launcher.</summary>
    /// <param name="device">A device of <see cref="IlgpuDevice.OpenPrimary"/>; each rank has a card of its own. It stays the caller's.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <exception cref="ArgumentException"><paramref name="device"/> is not in the primary context of a CUDA card.</exception>
    /// <exception cref="CommunicationException">There is no NCCL, it tells of an error, the variable is none, or another rank does not come.</exception>
    public static NcclCommunicator FromEnvironment(IlgpuDevice device, int rank, int size, NcclOptions? options = null) =>
        Join(device, rank, size, options, (_, _) => NcclIds.FromEnvironment());

    /// <summary>What ranks find each other by, in hexadecimal digits, for <see cref="FromEnvironment"/>. The process that makes it must stay until all have joined: NCCL has them meet there.</summary>
    /// <exception cref="CommunicationException">There is no NCCL, or it tells of an error.</exception>
    public static string CreateId() => CreateId(NcclFunctions.Installed);

    /// <summary>Joins the ranks that have the same identifier.</summary>
    internal static NcclCommunicator Join(IlgpuDevice device, int rank, int size, string id, NcclOptions options) =>
        Join(device, rank, size, options, (_, _) => NcclId.Of(Convert.FromHexString(id)));

    internal static string CreateId(NcclFunctions functions) => Convert.ToHexString(NcclIds.Draw(functions).Bytes);

    /// <inheritdoc/>
    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        var total = CollectiveChecks.Counts(counts, Size, type);
        CollectiveChecks.Address(source, counts[Rank]);
        CollectiveChecks.Address(destination, total);
        var copy = counts.ToArray();
        var operation = _queue.Begin("all-gather", total * type.Size(), total == 0, () => _posts.AllGather(source, destination, copy, type));
        _traffic.AllGather(counts, type);
        return operation;
    }

    /// <inheritdoc/>
    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        CollectiveChecks.Sum(type);
        var total = CollectiveChecks.Counts(counts, Size, type);
        CollectiveChecks.Address(source, total);
        CollectiveChecks.Address(destination, counts[Rank]);
        CollectiveChecks.Apart(source, total * type.Size(), destination, counts[Rank] * type.Size());
        var copy = counts.ToArray();
        var operation = _queue.Begin("reduce-scatter", total * type.Size(), total == 0, () => _posts.ReduceScatter(source, destination, copy, type));
        _traffic.ReduceScatter(counts, type);
        return operation;
    }

    /// <inheritdoc/>
    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type)
    {
        var sent = CollectiveChecks.Counts(sourceCounts, Size, type);
        var received = CollectiveChecks.Counts(destinationCounts, Size, type);
        CollectiveChecks.Address(source, sent);
        CollectiveChecks.Address(destination, received);
        CollectiveChecks.Apart(source, sent * type.Size(), destination, received * type.Size());
        CollectiveChecks.Own(sourceCounts, destinationCounts, Rank);
        var (sends, receives) = (sourceCounts.ToArray(), destinationCounts.ToArray());
        var operation = _queue.Begin("all-to-all", sent * type.Size(), sent + received == 0, () => _posts.AllToAll(source, sends, destination, receives, type));
        _traffic.AllToAll(sourceCounts, destinationCounts, type);
        return operation;
    }

    /// <inheritdoc/>
    public Collective AllReduce(nint buffer, long count, WireType type)
    {
        CollectiveChecks.Sum(type);
        CollectiveChecks.Address(buffer, CollectiveChecks.Count(count, type));
        var operation = _queue.Begin("all-reduce", count * type.Size(), count == 0, () => _posts.AllReduce(buffer, count, type));
        _traffic.AllReduce(count, type);
        return operation;
    }

    /// <inheritdoc/>
    public Collective Broadcast(nint buffer, long count, WireType type, int root)
    {
        CollectiveChecks.Address(buffer, CollectiveChecks.Count(count, type));
        CollectiveChecks.Root(root, Size);
        var operation = _queue.Begin("broadcast", count * type.Size(), count == 0, () => _posts.Broadcast(buffer, count, type, root));
        _traffic.Broadcast(count, type, root);
        return operation;
    }

    /// <summary>Waits for what is under way, and leaves the other ranks; within the time limit, after which, and after a failure, NCCL's communicator is aborted.</summary>
    public void Dispose() => _queue.Dispose();

    private static NcclCommunicator Join(IlgpuDevice device, int rank, int size, NcclOptions? options, Func<NcclFunctions, TimeSpan, NcclId> findId)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (rank < 0 || rank >= size)
            throw new ArgumentOutOfRangeException(nameof(rank), rank, $"rank must be in [0, {size}).");
        ThrowIfNotPrimary(device);
        options ??= new();
        var functions = options.Functions ?? NcclFunctions.Installed;
        return new(device, findId(functions, options.Timeout), rank, size, options, functions);
    }

    /// <summary>NCCL's own threads work in the primary context of the card, whatever context its caller is in.</summary>
    private static void ThrowIfNotPrimary(IlgpuDevice device)
    {
        if (device.Accelerator is CudaAccelerator cuda && CudaDriver.IsPrimaryActive(cuda.DeviceId) && CudaDriver.RetainPrimary(cuda.DeviceId, out var primary) == CudaError.CUDA_SUCCESS)
        {
            CudaDriver.ReleasePrimary(cuda.DeviceId);
            if (primary == cuda.NativePtr)
                return;
        }
        throw new ArgumentException($"device must be in the primary context of a CUDA card, where NCCL works: open it by IlgpuDevice.OpenPrimary. Actual device was '{device.Name}' ({device.Description}).", nameof(device));
    }
}
