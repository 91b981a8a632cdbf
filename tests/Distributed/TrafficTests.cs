using GpuOptim.Distributed;

namespace GpuOptim.Tests.Distributed;

/// <summary>Bytes that operations move by their definition.</summary>
public sealed class TrafficTests
{
    [Test]
    public void EachOperationHasItsFormula()
    {
        var traffic = new Traffic(1, 4);
        traffic.AllGather([10, 20, 30, 40], WireType.Float32);
        Verify(3 * 20 * 4, 80 * 4);
        traffic.ReduceScatter([10, 20, 30, 40], WireType.BFloat16);
        Verify(80 * 2, 3 * 20 * 2);
        traffic.AllToAll([1, 2, 3, 4], [5, 2, 7, 8], WireType.Float64);
        Verify(8 * 8, 20 * 8);
        traffic.AllReduce(1000, WireType.Float16);
        Verify(2 * 3 * 2000 / 4, 2 * 3 * 2000 / 4);
        traffic.Broadcast(100, WireType.Byte, 1);
        Verify(300, 0);
        traffic.Broadcast(100, WireType.Byte, 0);
        Verify(0, 100);

        void Verify(long sent, long received)
        {
            Assert.That((traffic.Sent, traffic.Received), Is.EqualTo((_sent += sent, _received += received)));
        }
    }

    private long _sent;
    private long _received;
}
