using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Distributed;
using GpuOptim.Distributed.Saving;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>Tensors that were cut come back, wherever the cuts are.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class SavingPropertyTests : FolderTest
{
    /// <summary>Whatever the tensors, and however many ranks save and load: what is loaded is what was saved.</summary>
    [Test]
    public void AnyRanksLoadWhatAnySaved() => Check(
        from lengths in Gen.Elements(0, 1, 7, 4095, 4096, 4097, 9000).NonEmptyListOf() from saving in Gen.Choose(1, 5) from loading in Gen.Choose(1, 5) from bucket in Gen.Elements(1, 20_000, 1 << 20) select (lengths: lengths.Take(4).ToArray(), saving, loading, bucket),
        sample =>
        {
            var index = Path.Combine(Folder, "run.sharded.json");
            string[] Run(ICommunicator communicator, bool isSaving)
            {
                Parameter[] parameters = [.. sample.lengths.Select((length, i) => i % 2 == 0 ? (Parameter)Create<float>(communicator.Device, i, length, isSaving) : Create<BFloat16>(communicator.Device, i, length, isSaving))];
                using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), parameters, new ShardedOptions { BucketBytes = sample.bucket });
                using var average = WeightAverage.Equal(optimizer.Shards);
                optimizer.WeightAverage = average;
                if (isSaving)
                {
                    optimizer.Step();
                    ShardedCheckpoint.Save(index, optimizer);
                }
                else
                {
                    ShardedCheckpoint.Load(index, optimizer);
                }
                return [.. optimizer.LiveParameters().Concat(optimizer.LiveAverages()).Select(each => Convert.ToHexString(each.Value.Bytes.ToArray())), .. StateSnapshot.Of(optimizer.StateDictionary()).Select(each => $"{each}")];
            }
            var saved = ThreadCommunicator.Run(sample.saving, communicator => Run(communicator, isSaving: true))[0];
            foreach (var loaded in ThreadCommunicator.Run(sample.loading, communicator => Run(communicator, isSaving: false)))
                Assert.That(loaded, Is.EqualTo(saved));
        },
        tests: 15);

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

    private static void Check<T>(Gen<T> samples, Action<T> hold, int tests = 100) => Prop.ForAll(samples.ToArbitrary(), hold).Check(Config.QuickThrowOnFailure.WithMaxTest(tests));

    private static Parameter<T> Create<T>(Device device, int index, int length, bool isFilled) where T : unmanaged
    {
        var parameter = device.CreateParameter<T>($"p{index}", [length], [.. Enumerable.Range(0, length).Select(i => Bits.FromFloat<T>(isFilled ? MathF.Sin(i + index) : 0))]);
        parameter.Gradient.CopyFrom([.. Enumerable.Range(0, length).Select(i => Bits.FromFloat<T>(MathF.Cos(i + index)))]);
        return parameter;
    }
}
