using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class GradientAccumulationTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>
    /// Float parameters step as if their gradients were the sums that PyTorch makes, gradient by gradient; what has none in a batch is not added, what has
    /// none in all is skipped; a step comes with the last batch, or earlier if told so.
    /// </summary>
    [TestCase(false)]
    [TestCase(true)]
    public void StepsWithTheMean(bool isClipped)
    {
        var random = new Random(3);
        float[][] initial = [Numbers(random, 5003), Numbers(random, 480), Numbers(random, 7)];
        Parameter<float>[] Parameters(Device device) =>
        [
            device.CreateParameter<float>("a", [5003], initial[0]),
            device.CreateParameter<float>("b", [24, 20], initial[1]),
            device.CreateParameter<float>("c", [7], initial[2]),
        ];
        ModelOptimizer Create(Parameter[] parameters) => new(parameters, Assignment.Named("b", new MuonOptions()), Assignment.Rest(new AdamWOptions()))
        {
            GradientClipping = isClipped ? GradientClipping.ByNorm(0.5) : null,
        };
        Parameter<float>[] accumulated = Parameters(_device), reference = Parameters(_device);
        using ModelOptimizer optimizer = Create(accumulated), expected = Create(reference);
        using var accumulation = new GradientAccumulation(optimizer, batches: 4);
        var sums = new float[]?[3];
        for (var batch = 1; batch <= 14; batch++)
        {
            for (var i = 0; i < 3; i++)
            {
                // The last one has a gradient in the second step alone, the one before in some batches.
                accumulated[i].HasGradient = i == 0 || (i == 1 && batch % 3 != 0) || (i == 2 && batch is 6 or 7);
                if (!accumulated[i].HasGradient)
                    continue;
                var gradient = Numbers(random, (int)accumulated[i].Length);
                accumulated[i].Gradient.CopyFrom(gradient);
                sums[i] = [.. gradient.Select((value, j) => sums[i] is { } sum ? MathF.FusedMultiplyAdd(value, 0.25f, sum[j]) : value * 0.25f)];
            }
            var (isLast, had) = (batch == 14, accumulated.Select(parameter => parameter.HasGradient).ToArray());
            Assert.That(accumulation.Step(isLast), Is.EqualTo(isLast || batch % 4 == 0), $"batch {batch}");
            Assert.That(accumulation.Count, Is.EqualTo(isLast ? 0 : batch % 4));
            Assert.That(accumulated.Select(parameter => parameter.HasGradient), Is.EqualTo(had), "what the engine says of gradients stays");
            if (!isLast && batch % 4 != 0)
                continue;
            for (var i = 0; i < 3; i++)
            {
                reference[i].HasGradient = sums[i] is not null;
                if (sums[i] is { } sum)
                    reference[i].Gradient.CopyFrom(sum);
                sums[i] = null;
            }
            expected.Step();
            for (var i = 0; i < 3; i++)
                Bits.AreEqual<float>(accumulated[i].Data.ToArray(), reference[i].Data.ToArray(), $"parameter {i} after batch {batch}");
        }
        Assert.That(optimizer.StateDictionary()["c"].Step, Is.EqualTo(1));
    }

    /// <summary>16-bit gradients add up in float32: small ones are not lost beside a large one, and one batch alone is what it is without.</summary>
    [Test]
    public void SumsAreFloat32()
    {
        var parameter = _device.CreateParameter<BFloat16>("p", [1], [(BFloat16)0f]);
        using var optimizer = new Sgd([parameter], new() { LearningRate = 1, StatePrecision = StatePrecision.Float32 });
        using (var accumulation = new GradientAccumulation(optimizer, batches: 4))
        {
            foreach (var gradient in (float[])[1024, 2, 2, -1024])
            {
                // A sum in bfloat16 would stay 1024, for its neighbor is 1032.
                parameter.Gradient.CopyFrom([(BFloat16)gradient]);
                accumulation.Step();
            }
            Assert.That((float)parameter.Data.ToArray()[0], Is.EqualTo(-1));
        }
        parameter.Gradient.CopyFrom([(BFloat16)3f]);
        optimizer.Step();
        Assert.That((float)parameter.Data.ToArray()[0], Is.EqualTo(-4), "without accumulation, the gradient itself");
    }

    /// <summary>A first momentum is the sum itself, which is float: the state's nearest number of it.</summary>
    [Test]
    public void AFirstMomentumIsRoundedToTheNearest()
    {
        AssertNearest<BFloat16>();
        AssertNearest<Half>();

        void AssertNearest<T>() where T : unmanaged
        {
            var gradient = Numbers(new Random(3), 300).Select(Bits.FromFloat<T>).ToArray();
            using var parameter = _device.CreateParameter<T>("p", [300]);
            parameter.Gradient.CopyFrom(gradient);
            using var optimizer = new Sgd([parameter], new() { Momentum = 0.9 });
            using var accumulation = new GradientAccumulation(optimizer, batches: 3);
            accumulation.Step(isLast: true);
            Bits.AreEqual<T>(optimizer.StateDictionary()["p"]["momentum_buffer"].Values<T>(), [.. gradient.Select(number => Bits.FromFloat<T>(Bits.ToFloat(number) * (float)(1.0 / 3)))], "momentum");
        }
    }

    /// <summary>The bits of the CPU for every element type, precision of state and optimizer, with a scaler that skips.</summary>
    [Test]
    public void GivesTheBitsOfSimd([Values(StatePrecision.SameAsParameter, StatePrecision.Float32)] StatePrecision precision, [Values] ComputePrecision compute)
    {
        using var reference = new SimdDevice(threads: 2);
        Assert.That(Train(_device), Is.EqualTo(Train(reference)));

        string[] Train(Device device)
        {
            var random = new Random(9);
            Parameter[] parameters =
            [
                device.CreateParameter<float>("a", [301]),
                device.CreateParameter<BFloat16>("b", [1030]),
                device.CreateParameter<Half>("c", [77]),
                device.CreateParameter<BFloat16>("m", [12, 20]),
            ];
            using var optimizer = new ModelOptimizer(
                parameters, Assignment.Named("m", new MuonOptions { StatePrecision = precision, ComputePrecision = compute, SplitRows = [6] }), Assignment.Rest(new AdamWOptions { StatePrecision = precision, ComputePrecision = compute }));
            using var scaler = new GradientScaler(device, new() { InitialScale = 8, GrowthInterval = 2 });
            optimizer.GradientScaler = scaler;
            using var accumulation = new GradientAccumulation(optimizer, batches: 3);
            for (var batch = 0; batch < 18; batch++)
            {
                Fill((Parameter<float>)parameters[0], random, batch == 7);
                Fill((Parameter<BFloat16>)parameters[1], random, isBad: false);
                Fill((Parameter<Half>)parameters[2], random, isBad: false);
                Fill((Parameter<BFloat16>)parameters[3], random, isBad: false);
                accumulation.Step();
            }
            return [.. parameters.Select(Bits.Hexadecimal), $"{scaler.State()} {scaler.ReadSkippedSteps()}"];
        }

        static void Fill<T>(Parameter<T> parameter, Random random, bool isBad) where T : unmanaged
        {
            var gradient = Numbers(random, (int)parameter.Length);
            if (isBad)
                gradient[3] = float.NaN;
            parameter.Gradient.CopyFrom([.. gradient.Select(Bits.FromFloat<T>)]);
        }
    }

    [Test]
    public void WrongUseIsRefused()
    {
        using var optimizer = new Sgd([_device.CreateParameter("p", [2])]);
        Assert.That(() => new GradientAccumulation(optimizer, 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("batches"));
        using (var accumulation = new GradientAccumulation(optimizer, 2))
        {
            Assert.That(() => new GradientAccumulation(optimizer, 2), Throws.ArgumentException.With.Message.Contains("Those of parameter 'p' are already."));
            accumulation.Step();
            var late = _device.CreateParameter("late", [1]);
            optimizer.AddGroup([late], new());
            Assert.That(() => accumulation.Step(), Throws.InvalidOperationException.With.Message.Contains("with all of the optimizer's parameters, 2. Actual number was 1"));
            Assert.That(accumulation.Count, Is.EqualTo(1));
        }
        using var again = new GradientAccumulation(optimizer, 1);
        Assert.That(again.Step(), Is.True);
        again.Dispose();
        Assert.That(() => again.Step(), Throws.TypeOf<ObjectDisposedException>());
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
