using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// Parameters that lie one behind the other in an engine's memory, or nearly so, are updated in one go where gradients and rules allow it. The
/// results are those of parameters that have nothing to do with each other.
/// </summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class FlatMemoryTests(TestDevice testDevice)
{
    private static readonly Gen<Tensor> _tensor =
        from length in Gen.Frequency((4, Gen.Choose(0, 40)), (2, Gen.Choose(0, 300)), (1, Gen.Choose(0, 40_000)))
        from gap in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(1, 9)))
        from gradientGap in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Choose(1, 9)))
        from inGroup in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Constant(1)))
        from isMissing in Gen.Frequency((6, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Tensor(length, gap, gradientGap, inGroup, isMissing);

    private static readonly Gen<Tensor[]> _tensors = from count in Gen.Choose(1, 30) from tensors in _tensor.ArrayOf(count) select tensors;

    [Test]
    public void FloatsAreThoseOfTensorsApart() => PropertyTests.Check(_tensors, tensors => Verify<float>(tensors, new()));

    [Test]
    public void BFloat16sAreThoseOfTensorsApart([Values] ComputePrecision compute, [Values(StatePrecision.SameAsParameter, StatePrecision.Float32)] StatePrecision state) =>
        PropertyTests.Check(_tensors, tensors => Verify<BFloat16>(tensors, new() { ComputePrecision = compute, StatePrecision = state }));

    private void Verify<T>(Tensor[] tensors, AdamWOptions options) where T : unmanaged
    {
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        var random = new Random(tensors.Length);
        using var data = device.CreateBuffer<T>(tensors.Sum(tensor => tensor.Length + tensor.Gap) + 1);
        using var gradients = device.CreateBuffer<T>(tensors.Sum(tensor => tensor.Length + tensor.GradientGap) + 1);
        data.CopyFrom(Numbers(data.Length));
        var untouched = data.ToArray();
        var (flat, apart) = (new List<Parameter<T>>(), new List<Parameter<T>>());
        long start = 0, gradientStart = 0;
        foreach (var (i, tensor) in tensors.Index())
        {
            (start, gradientStart) = (start + tensor.Gap, gradientStart + tensor.GradientGap);
            flat.Add(new($"p{i}", [tensor.Length], data.Slice(start, tensor.Length), gradients.Slice(gradientStart, tensor.Length)));
            apart.Add(scalar.CreateParameter($"p{i}", [tensor.Length], flat[i].Data.ToArray()));
            (start, gradientStart) = (start + tensor.Length, gradientStart + tensor.Length);
        }
        using var optimizer = Create(flat);
        using var expected = Create(apart);
        for (var t = 0; t < 3; t++)
        {
            for (var i = 0; i < tensors.Length; i++)
            {
                var numbers = Numbers(tensors[i].Length);
                flat[i].HasGradient = apart[i].HasGradient = !(tensors[i].IsMissing && t == 1);
                flat[i].Gradient.CopyFrom(numbers);
                apart[i].Gradient.CopyFrom(numbers);
            }
            optimizer.Step();
            expected.Step();
        }

        var all = data.ToArray();
        start = 0;
        foreach (var (i, tensor) in tensors.Index())
        {
            Bits.AreEqual<T>(all.AsSpan((int)start, tensor.Gap), untouched.AsSpan((int)start, tensor.Gap), $"before p{i}");
            Bits.AreEqual<T>(flat[i].Data.ToArray(), apart[i].Data.ToArray(), $"p{i}");
            Bits.AreEqual<T>(Average(optimizer, i), Average(expected, i), $"average of p{i}");
            start += tensor.Gap + tensor.Length;
        }
        Bits.AreEqual<T>(all.AsSpan((int)start), untouched.AsSpan((int)start), "behind all");

        static T[] Average(Optimizer optimizer, int i) => ((Parameter<T>)optimizer.WeightAverage!.Averages[i]).Data.ToArray();

        Optimizer Create(List<Parameter<T>> parameters)
        {
            var groups = parameters.Zip(tensors).GroupBy(pair => pair.Second.Group, pair => pair.First).OrderBy(group => group.Key).ToArray();
            var optimizer = new AdamW(groups[0], options);
            foreach (var group in groups.Skip(1))
                optimizer.AddGroup(group, options with { LearningRate = 0.1 });
            optimizer.WeightAverage = WeightAverage.Exponential(parameters);
            return optimizer;
        }

        T[] Numbers(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => Bits.FromFloat<T>(random.NextSingle() * 2 - 1))];
    }

    private sealed record Tensor(int Length, int Gap, int GradientGap, int Group, bool IsMissing);
}
