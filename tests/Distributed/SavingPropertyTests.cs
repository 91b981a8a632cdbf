using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Distributed.Saving;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Tests.Distributed;

/// <summary>Tensors that were cut come back, wherever the cuts are.</summary>
public sealed class SavingPropertyTests
{
    /// <summary>Pieces read as what they were cut from, from any place on.</summary>
    [Test]
    public void PiecesReadAsTheWhole() => Check(
        from length in Gen.Choose(0, 60) from cuts in Gen.Choose(0, length).ArrayOf() from start in Gen.Choose(0, length) from end in Gen.Choose(start, length) select (length, cuts, start, end),
        sample =>
        {
            byte[] bytes = [.. Enumerable.Range(1, sample.length).Select(i => (byte)i)];
            int[] ends = [.. sample.cuts.Append(bytes.Length).Order()];
            var pieces = new PiecedBytes([.. ends.Select((end, i) => new TensorBytes.OnHost(bytes[(i == 0 ? 0 : ends[i - 1])..end]))]);
            var read = new byte[sample.end - sample.start];
            pieces.Read(sample.start, read);
            Assert.That(pieces.Length, Is.EqualTo(bytes.Length));
            Assert.That(read, Is.EqualTo(bytes[sample.start..sample.end]));
        });

    /// <summary>The name of a piece says of which tensor it is, whatever that is called.</summary>
    [Test]
    public void NamesOfPiecesAreRead() => Check(
        from name in Gen.Elements("w", "[", "]", "[0..4]", "..", "a/b", "ü", "").ArrayOf().Select(string.Concat) from start in Gen.Choose(0, int.MaxValue) from length in Gen.Choose(0, int.MaxValue) select (name, start, end: (long)start + length),
        sample => Assert.That(ShardFile.Parse(ShardFile.PieceName(sample.name, sample.start, sample.end)), Is.EqualTo((sample.name, (long)sample.start, sample.end))));

    [Test]
    public void OtherNamesAreNone([Values("", "w", "w[]", "w[1..2", "w[..]", "w[1..]", "w[-1..2]", "w[1..2]x", "w[1 ..2]", "..]")] string name) =>
        Assert.That(() => ShardFile.Parse(name), Throws.TypeOf<InvalidDataException>());

    private static void Check<T>(Gen<T> samples, Action<T> hold) => Prop.ForAll(samples.ToArbitrary(), hold).QuickCheckThrowOnFailure();
}
