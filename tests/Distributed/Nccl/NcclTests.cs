using GpuOptim.Distributed;
using GpuOptim.Distributed.Nccl;
using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Tests.VirtualCard;

namespace GpuOptim.Tests.Distributed.Nccl;

/// <summary>What is asked of NCCL, and that it comes out right, with a stand-in for NCCL on whatever cards there are.</summary>
[Category("Card"), NonParallelizable]
public sealed class NcclTests
{
    private static readonly TimeSpan _short = TimeSpan.FromSeconds(0.5);

    [ThreadStatic]
    private static string? _id;

    [OneTimeSetUp]
    public void RequireCard()
    {
        if (IlgpuDevice.CudaDescription is null)
            Assert.Ignore("There is no CUDA device.");
    }

    /// <summary>Every operation and type, for ranks that find each other by a file.</summary>
    [Test]
    public void EveryOperationIsRight([Values(1, 2, 3)] int size)
    {
        var path = Path.Combine(Path.GetTempPath(), $"nccl-{Guid.NewGuid():N}");
        RunRanks(size, rank =>
        {
            using var device = IlgpuDevice.OpenPrimary(rank % IlgpuDevice.CudaDevices.Count);
            using (var communicator = NcclCommunicator.FromFile(device, rank, size, path, new() { Functions = FakeNccl.Functions }))
            {
                Assert.That((communicator.Rank, communicator.Size, communicator.Implementation), Is.EqualTo((rank, size, "NCCL 2.30.7")));
                new CollectiveSuite(communicator).Run();
                Assert.That(communicator.BytesSent, size > 1 ? Is.Positive : Is.Zero);
                Assert.That(FakeNccl.Last(rank).Streams, Has.Count.EqualTo(1));
            }
            Assert.That((FakeNccl.Last(rank).Ends, FakeNccl.Last(rank).IsAborted), Is.EqualTo((1, false)));
        });
        Assert.That(File.Exists(path), Is.False);
    }

    /// <summary>Equal parts are one call; others a group, without those that are empty.</summary>
    [Test]
    public void CallsAreAsFewAsCanBe()
    {
        using var device = IlgpuDevice.OpenPrimary();
        using var memory = device.CreateBuffer<float>(100);
        var (a, b) = (memory.Address, memory.Address + 200);
        using var communicator = Noting(device, 1, 3, out var fake);
        communicator.AllGather(a, b, [4, 4, 4], WireType.BFloat16).Wait();
        communicator.AllGather(a, b, [4, 0, 5], WireType.Byte).Wait();
        communicator.ReduceScatter(a, b, [2, 2, 2], WireType.Float64).Wait();
        communicator.ReduceScatter(a, b, [1, 2, 0], WireType.Float16).Wait();
        communicator.AllToAll(a, [1, 2, 3], b, [4, 2, 0], WireType.Float32).Wait();
        communicator.AllToAll(a, [0, 2, 0], b, [0, 2, 0], WireType.Float32).Wait();
        communicator.AllReduce(a, 7, WireType.Float32).Wait();
        communicator.Broadcast(a, 8, WireType.Byte, 2).Wait();
        communicator.AllReduce(a, 0, WireType.Float32).Wait();
        communicator.AllGather(a, b, [0, 0, 0], WireType.Float32).Wait();
        Assert.That(fake.Log, Is.EqualTo([
            "AllGather 4 of type 9",
            "[Broadcast 4 of type 1, 0; Broadcast 5 of type 1, 2]",
            "ReduceScatter 2 of type 8",
            "[Reduce 1 of type 6, 0; Reduce 2 of type 6, 1]",
            "[Send 1 of type 7, 0; Recv 4 of type 7, 0; Send 3 of type 7, 2]",
            "AllReduce 7 of type 7",
            "Broadcast 8 of type 1, 2",
        ]));
        Assert.That(fake.Streams, Has.Count.EqualTo(1).And.None.EqualTo((nint)0));
        device.Synchronize();
    }

    /// <summary>Neither beginning nor waiting makes the host wait; one has NCCL's stream wait for the device's, the other the device's for NCCL's.</summary>
    [Test]
    public void TheHostDoesNotWait()
    {
        if (!VirtualCardLibrary.IsUsed)
            Assert.Ignore("There is a real card, which does not count calls.");
        const int Operations = 20;
        using var device = IlgpuDevice.OpenPrimary();
        using var memory = device.CreateBuffer<float>(100);
        var isHeld = true;
        using var communicator = Noting(device, 0, 2, out var fake, () => isHeld);
        var (waits, streamWaits) = (VirtualCardInUse.Waits, VirtualCardInUse.CallCount("cuStreamWaitEvent"));
        for (var i = 0; i < Operations; i++)
            communicator.AllReduce(memory.Address, 100, WireType.Float32).Wait();
        Assert.That(VirtualCardInUse.Waits - waits, Is.Zero);
        Assert.That(VirtualCardInUse.CallCount("cuStreamWaitEvent") - streamWaits, Is.EqualTo(2 * Operations));
        isHeld = false;
        device.Synchronize();
    }

    /// <summary>An operation sees what the device was given before, and what it is given after Wait sees the operation; the card runs nothing before it must.</summary>
    [Test]
    public void StreamsAreInOrder()
    {
        float[] numbers = [.. Enumerable.Range(1, 100).Select(i => (float)i)];
        using var device = IlgpuDevice.OpenPrimary();
        using var first = device.CreateBuffer<float>(numbers);
        using var second = device.CreateBuffer<float>(100);
        using var third = device.CreateBuffer<float>(200);
        using var last = device.CreateBuffer<float>(100);
        device.Synchronize();
        using var communicator = Noting(device, 0, 2, out var fake);
        fake.EnqueuesCopies = true;
        for (var turn = 0; turn < 20; turn++)
        {
            device.Copy(first.Address, second.Address, 400);
            communicator.AllGather(second.Address, third.Address, [100, 100], WireType.Float32).Wait();
            device.Copy(third.Address, last.Address, 400);
            Assert.That(last.ToArray(), Is.EqualTo(numbers));
            foreach (var buffer in (DeviceBuffer<float>[])[second, third, last])
                device.Clear(buffer.Address, 400);
            device.Synchronize();
        }
    }

    /// <summary>Another rank does not come: to the call, or to what the card has to do.</summary>
    [Test]
    public void WhatDoesNotEndIsAborted([Values] bool inTheCall)
    {
        RunRanks(2, rank =>
        {
            using var device = IlgpuDevice.OpenPrimary(rank % IlgpuDevice.CudaDevices.Count);
            using var memory = device.CreateBuffer<float>(100);
            using var communicator = Join(device, rank, 2, new() { Functions = FakeNccl.Functions, Timeout = _short, IsHeld = () => !inTheCall });
            if (rank == 1)
            {
                // It hangs, until the other has aborted.
                Assert.That(SpinWait.SpinUntil(() => FakeNccl.Last(0).IsAborted, TimeSpan.FromSeconds(10)));
                return;
            }
            var fake = FakeNccl.Last(rank);
            fake.OnlyNotes = !inTheCall;
            Collective? operation = null;
            var failure = Assert.Throws<CommunicationException>(() =>
            {
                operation = communicator.AllReduce(memory.Address, 100, WireType.Float32);
                Assert.That(SpinWait.SpinUntil(() => fake.IsAborted, TimeSpan.FromSeconds(10)));
                operation.Wait();
            });
            Assert.That(failure.Message, Does.Contain("Rank 0 of 2: all-reduce number 1 (400 bytes) did not end within").And.Contain("NcclOptions.Timeout"));
            Assert.That((operation is null, fake.Ends), Is.EqualTo((inTheCall, 1)));
            Assert.That(() => communicator.AllReduce(memory.Address, 100, WireType.Float32), Throws.TypeOf<CommunicationException>().With.Message.Contains("failed before"));
            device.Synchronize();
        });
    }

    [Test]
    public void ErrorsAreTold([Values] bool isLate)
    {
        using var device = IlgpuDevice.OpenPrimary();
        using var memory = device.CreateBuffer<float>(100);
        using var communicator = Noting(device, 0, 2, out var fake);
        var operation = communicator.AllReduce(memory.Address, 100, WireType.Float32);
        if (isLate)
        {
            // The watchdog looks once a second while nothing is under way.
            fake.AsyncError = 6;
            Assert.That(SpinWait.SpinUntil(() => fake.IsAborted, TimeSpan.FromSeconds(10)));
            Assert.That(operation.Wait, Throws.TypeOf<CommunicationException>().With.Message.Contains("ncclCommGetAsyncError answered 6, what a fake says. NCCL says: the fake's last words"));
        }
        else
        {
            fake.Result = 3;
            Assert.That(() => communicator.AllGather(memory.Address, memory.Address, [10, 20], WireType.Float32), Throws.TypeOf<CommunicationException>().With.Message.Contains("Rank 0 of 2: all-gather number 2 (120 bytes): ncclGroupEnd answered 3"));
            Assert.That(operation.Wait, Throws.TypeOf<CommunicationException>());
        }
        Assert.That((fake.IsAborted, fake.Ends), Is.EqualTo((true, 1)));
        device.Synchronize();
    }

    /// <summary>Another communicator tells what ranks find each other by; so does the environment.</summary>
    [Test]
    public void RanksFindEachOther()
    {
        using var device = IlgpuDevice.OpenPrimary();
        using var simd = new SimdDevice(threads: 1);
        NcclOptions options = new() { Functions = FakeNccl.Functions, Timeout = _short };
        using (var communicator = NcclCommunicator.FromCommunicator(device, new SelfCommunicator(simd), options))
            Assert.That((communicator.Rank, communicator.Size), Is.EqualTo((0, 1)));
        try
        {
            Environment.SetEnvironmentVariable(NcclIds.Variable, NcclCommunicator.CreateId(FakeNccl.Functions));
            using (var communicator = NcclCommunicator.FromEnvironment(device, 0, 1, options))
                new CollectiveSuite(communicator).Run();
            Environment.SetEnvironmentVariable(NcclIds.Variable, "5");
            Assert.That(() => NcclCommunicator.FromEnvironment(device, 0, 1, options), Throws.TypeOf<CommunicationException>().With.Message.Contains("256 hexadecimal digits").And.Message.Contains("'5'"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(NcclIds.Variable, null);
        }
        Assert.That(
            () => NcclCommunicator.FromFile(device, 1, 2, Path.Combine(Path.GetTempPath(), "nccl-nobody-writes"), options),
            Throws.TypeOf<CommunicationException>().With.Message.Contains("Rank 1 waited 0.5 s for rank 0"));
        Assert.That(() => Join(device, 0, 2, options), Throws.TypeOf<CommunicationException>().With.Message.Contains("Rank 0 of 2: ncclCommInitRank did not return within 0.5 s"));
    }

    [Test]
    public void OtherDevicesAreRefused()
    {
        using var own = (IlgpuDevice)Device.Open("cuda");
        using var cpu = (IlgpuDevice)Device.Open("ilgpu-cpu");
        foreach (var device in (IlgpuDevice[])[own, cpu])
            Assert.That(() => Join(device, 0, 1, new() { Functions = FakeNccl.Functions }), Throws.ArgumentException.With.Message.Contains("IlgpuDevice.OpenPrimary"));
        Assert.That(() => NcclFunctions.Load(["libnone.so.2"]), Throws.TypeOf<CommunicationException>().With.Message.Contains("No NCCL was found: libnone.so.2 cannot be loaded").And.Message.Contains("GPUOPTIM_NCCL"));
    }

    private static NcclCommunicator Noting(IlgpuDevice device, int rank, int size, out FakeRank fake, Func<bool>? isHeld = null)
    {
        // Alone it would wait for the others.
        var communicator = JoinAlone(device, rank, size, isHeld);
        fake = FakeNccl.Last(rank);
        fake.OnlyNotes = true;
        return communicator;
    }

    private static NcclCommunicator JoinAlone(IlgpuDevice device, int rank, int size, Func<bool>? isHeld)
    {
        var id = NcclCommunicator.CreateId(FakeNccl.Functions);
        var others = Enumerable.Range(0, size).Where(other => other != rank).Select(other => Task.Run(() => FakeNccl.Pretend(id, size, other))).ToArray();
        var communicator = NcclCommunicator.Join(device, rank, size, id, new() { Functions = FakeNccl.Functions, Timeout = TimeSpan.FromSeconds(20), IsHeld = isHeld });
        Task.WaitAll(others);
        return communicator;
    }

    private static NcclCommunicator Join(IlgpuDevice device, int rank, int size, NcclOptions options) =>
        NcclCommunicator.Join(device, rank, size, _id ?? NcclCommunicator.CreateId(FakeNccl.Functions), options);

    private static void RunRanks(int size, Action<int> rank)
    {
        var id = NcclCommunicator.CreateId(FakeNccl.Functions);
        var failures = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(number => new Thread(() =>
        {
            try
            {
                _id = id;
                rank(number);
            }
            catch (Exception exception)
            {
                failures[number] = exception;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Assert.That(threads.All(thread => thread.Join(TimeSpan.FromSeconds(60))), "a rank does not end");
        Assert.That(failures, Is.All.Null);
    }
}
