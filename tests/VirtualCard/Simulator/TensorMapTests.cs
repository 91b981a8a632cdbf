using VirtualCard.Execution.Async;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Maps of tensors, as the hardware takes them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class TensorMapTests
{
    [Test]
    public void BitsKeepAMap()
    {
        var bits = new TensorMap(4096, 2, [72, 50, 3], [144, 7200], [64, 8, 1], 128).Encode();
        Assert.That(bits, Has.Length.EqualTo(TensorMap.Bytes));
        var map = TensorMap.Decode(bits)!;
        Assert.That((map.Address, map.ElementBytes, map.Swizzle, map.Rank), Is.EqualTo((4096, 2, 128, 3)));
        Assert.That(map.Extents, Is.EqualTo([72, 50, 3]));
        Assert.That(map.Strides, Is.EqualTo([2, 144, 7200]));
        Assert.That(map.Box, Is.EqualTo([64, 8, 1]));
    }

    [Test]
    public void OtherBitsAreNoMap() => Assert.That(TensorMap.Decode(new byte[TensorMap.Bytes]), Is.Null);

    [TestCase(0ul, 72u, 144ul, 72u, 128, "128-byte swizzle", TestName = "A box wider than the swizzle")]
    [TestCase(0ul, 70u, 140ul, 64u, 128, "multiples of 16", TestName = "A stride of 140 bytes")]
    [TestCase(8ul, 72u, 144ul, 64u, 128, "multiples of 16", TestName = "An address of 8")]
    [TestCase(0ul, 72u, 144ul, 60u, 0, "multiples of 16", TestName = "A line of 120 bytes")]
    [TestCase(0ul, 1024u, 2048ul, 512u, 0, "<= 256", TestName = "A box of 512 elements")]
    [TestCase(0ul, 72u, 144ul, 16u, 48, "48-byte swizzle", TestName = "A swizzle of 48 bytes")]
    public void ThereIsNoSuchMap(ulong address, uint columns, ulong stride, uint width, int swizzle, string reason) => Assert.That(
        () => new TensorMap(address, 2, [columns, 50], [stride], [width, 8], swizzle),
        Throws.ArgumentException.With.Message.Contains(reason));

    [Test]
    public void RanksMustAgree() => Assert.That(() => new TensorMap(0, 2, [72, 50], [], [8, 8], 0), Throws.ArgumentException.With.Message.Contains("rank"));
}
