using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What holds for every optimizer, whatever the tensors: checked on random lengths, numbers and points in a run.</summary>
[Parallelizable(ParallelScope.Self)]
[TestFixtureSource(typeof(OptimizerVariant), nameof(OptimizerVariant.OnTheCpu))]
public sealed class PropertyTests(OptimizerVariant variant)
{
    internal static readonly Gen<int[]> Lengths = Gen.Choose(0, 100).ArrayOf().Where(lengths => lengths.Length is > 0 and < 12);
    internal static readonly Gen<int> Seeds = Gen.Choose(0, int.MaxValue);

    [Test]
    public void SplittingATensorChangesNothing() => Check(
        from length in Gen.Choose(1, 300) from cut in Gen.Choose(0, length) from seed in Seeds select (length, cut, seed),
        sample =>
        {
            using var device = new SimdDevice();
            using var whole = new RandomModel<float>(device, [sample.length], sample.seed);
            using var data = device.CreateBuffer<float>(whole.Parameters[0].Data.Span);
            using var gradient = device.CreateBuffer<float>(sample.length);
            Parameter<float>[] parts =
            [
                new("left", [sample.cut], data.Slice(0, sample.cut), gradient.Slice(0, sample.cut)),
                new("right", [sample.length - sample.cut], data.Slice(sample.cut, sample.length - sample.cut), gradient.Slice(sample.cut, sample.length - sample.cut)),
            ];
            using var one = variant.Create(whole.Parameters);
            using var two = variant.Create(parts);
            for (var t = 0; t < 4; t++)
            {
                whole.NextGradients();
                gradient.CopyFrom(whole.Parameters[0].Gradient.Span);
                one.Step();
                two.Step();
            }
            Bits.AreEqual<float>(data.Span, whole.Parameters[0].Data.Span, "data");
        });

    [Test]
    public void TheOrderOfParametersChangesNothing() => Check(
        from lengths in Lengths from seed in Seeds select (lengths, seed),
        sample =>
        {
            using var device = new SimdDevice();
            using var model = new RandomModel<float>(device, sample.lengths, sample.seed);
            using var other = new RandomModel<float>(device, sample.lengths, sample.seed);
            var shuffled = other.Parameters.ToArray();
            new Random(sample.seed).Shuffle(shuffled);
            using var one = variant.Create(model.Parameters);
            using var two = variant.Create(shuffled);
            for (var t = 0; t < 4; t++)
            {
                model.NextGradients();
                other.NextGradients();
                one.Step();
                two.Step();
            }
            StepTests.AssertSame(other.Data(), model.Data());
        });

    [Test]
    public void ResumingEqualsAnUnbrokenRun() => Check(
        from lengths in Lengths from seed in Seeds from stop in Gen.Choose(0, 6) select (lengths, seed, stop),
        sample =>
        {
            using var device = new SimdDevice();
            using var model = new RandomModel<float>(device, sample.lengths, sample.seed);
            using var resumed = new RandomModel<float>(device, sample.lengths, sample.seed);
            using var unbroken = variant.Create(model.Parameters);
            var optimizer = variant.Create(resumed.Parameters);
            for (var t = 0; t < 6; t++)
            {
                if (t == sample.stop)
                {
                    var state = optimizer.StateDictionary();
                    optimizer.Dispose();
                    optimizer = variant.Create(resumed.Parameters);
                    optimizer.Load(state);
                }
                model.NextGradients();
                resumed.NextGradients();
                for (var i = 0; i < sample.lengths.Length; i++)
                    model.Parameters[i].HasGradient = resumed.Parameters[i].HasGradient = (i + t) % 3 != 0;
                unbroken.Step();
                optimizer.Step();
            }
            optimizer.Dispose();
            StepTests.AssertSame(resumed.Data(), model.Data());
        });

    [Test]
    public void EveryVectorWidthEqualsTheScalarLane() => Check(
        from lengths in Lengths from seed in Seeds select (lengths, seed),
        sample =>
        {
            var expected = Run<float>(32);
            var expected16 = Run<BFloat16>(32);
            var expectedHalf = Run<Half>(32);
            foreach (var bits in SimdDevice.VectorWidths)
            {
                StepTests.AssertSame(Run<float>(bits), expected);
                StepTests.AssertSame(Run<BFloat16>(bits), expected16);
                StepTests.AssertSame(Run<Half>(bits), expectedHalf);
            }

            T[][] Run<T>(int bits) where T : unmanaged
            {
                using var device = new SimdDevice(vectorBits: bits);
                using var model = new RandomModel<T>(device, sample.lengths, sample.seed);
                using var optimizer = variant.Create(model.Parameters);
                for (var t = 0; t < 3; t++)
                {
                    model.NextGradients();
                    optimizer.Step();
                }
                return model.Data();
            }
        });

    internal static void Check<T>(Gen<T> samples, Action<T> property) =>
        Prop.ForAll(samples.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
}
