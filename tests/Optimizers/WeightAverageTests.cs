using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class WeightAverageTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [TestCase("average_ema")]
    [TestCase("average_swa")]
    public void EqualsPyTorchBitForBit(string recording)
    {
        var file = new SafetensorsFile(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", recording + ".safetensors"));
        Parameter<float>[] parameters = [.. new[] { 0, 1 }.Select(i => _device.CreateParameter<float>($"p{i}", file.Shape($"param/1/{i}")))];
        using var average = recording == "average_ema" ? WeightAverage.Exponential(parameters, 0.97) : WeightAverage.Equal(parameters);
        for (var step = 1; step <= 10; step++)
        {
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].Data.CopyFrom(file.Values<float>($"param/{step}/{i}"));
            average.Update();
            for (var i = 0; i < parameters.Length; i++)
                Bits.AreEqual<float>(((Parameter<float>)average.Averages[i]).Data.ToArray(), file.Values<float>($"average/{step}/{i}"), $"average {i} after {step}");
        }
        Assert.That(average.UpdateCount, Is.EqualTo(10));
    }

    /// <summary>The same within the steps of an optimizer, which here does not move the parameters.</summary>
    [TestCase("average_ema")]
    [TestCase("average_swa")]
    public void EqualsPyTorchWithinSteps(string recording)
    {
        var file = new SafetensorsFile(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", recording + ".safetensors"));
        Parameter<float>[] parameters = [.. new[] { 0, 1 }.Select(i => _device.CreateParameter<float>($"p{i}", file.Shape($"param/1/{i}")))];
        using var average = recording == "average_ema" ? WeightAverage.Exponential(parameters, 0.97) : WeightAverage.Equal(parameters);
        using var optimizer = new Sgd(parameters, new() { LearningRate = 0 }) { WeightAverage = average };
        for (var step = 1; step <= 10; step++)
        {
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].Data.CopyFrom(file.Values<float>($"param/{step}/{i}"));
            optimizer.Step();
            for (var i = 0; i < parameters.Length; i++)
                Bits.AreEqual<float>(((Parameter<float>)average.Averages[i]).Data.ToArray(), file.Values<float>($"average/{step}/{i}"), $"average {i} after {step}");
        }
        Assert.That(average.UpdateCount, Is.EqualTo(10));
    }

    /// <summary>
    /// All types, Muon, parameters without gradient or without average, steps that are skipped, averages that come and go: within steps it is what
    /// <see cref="WeightAverage.Update"/> does after them, as PyTorch's users call it.
    /// </summary>
    [TestCase(false)]
    [TestCase(true)]
    public void WithinStepsIsAfterSteps(bool isScaled)
    {
        Assert.That(Train(isWithin: true), Is.EqualTo(Train(isWithin: false)));

        string[] Train(bool isWithin)
        {
            var random = new Random(11);
            Parameter[] parameters =
            [
                _device.CreateParameter<float>("a", [24, 20], Numbers<float>(random, 480)),
                _device.CreateParameter<float>("b", [5003], Numbers<float>(random, 5003)),
                _device.CreateParameter<BFloat16>("c", [301], Numbers<BFloat16>(random, 301)),
                _device.CreateParameter<Half>("d", [77], Numbers<Half>(random, 77)),
                _device.CreateParameter<float>("e", [10, 12], Numbers<float>(random, 120)),
            ];
            using WeightAverage average = WeightAverage.Exponential(parameters.Where(parameter => parameter.Name != "b"), 0.9), mean = WeightAverage.Equal(parameters);
            using var optimizer = new ModelOptimizer(
                parameters, Assignment.Where("matrix", parameter => parameter.Shape.Count == 2, new MuonOptions()), Assignment.Rest(new AdamOptions { StatePrecision = StatePrecision.Float32 }));
            using var scaler = isScaled ? new GradientScaler(_device, new() { InitialScale = 64, GrowthInterval = 2 }) : null;
            optimizer.GradientScaler = scaler;
            for (var step = 0; step < 9; step++)
            {
                foreach (var parameter in parameters)
                {
                    switch (parameter)
                    {
                        case Parameter<float> single: single.Gradient.CopyFrom(Numbers<float>(random, (int)single.Length)); break;
                        case Parameter<BFloat16> brain: brain.Gradient.CopyFrom(Numbers<BFloat16>(random, (int)brain.Length)); break;
                        default: ((Parameter<Half>)parameter).Gradient.CopyFrom(Numbers<Half>(random, (int)parameter.Length)); break;
                    }
                    parameter.HasGradient = step != 7;
                }
                parameters[4].HasGradient = step % 3 != 0;
                if (isScaled && step % 4 == 2)
                    ((Parameter<float>)parameters[1]).Gradient.CopyFrom([float.NaN, .. new float[5002]]);
                var current = step < 5 ? average : mean;
                optimizer.WeightAverage = isWithin ? current : null;
                optimizer.Step();
                if (!isWithin)
                    current.Update();
            }
            return [.. parameters.Concat(average.Averages).Concat(mean.Averages).Select(Bits.Hexadecimal), $"{average.UpdateCount} {mean.UpdateCount}"];
        }

        static T[] Numbers<T>(Random random, int count) where T : unmanaged => [.. Enumerable.Range(0, count).Select(_ => Bits.FromFloat<T>(random.NextSingle() - 0.5f))];
    }

    [Test]
    public void AnotherOptimizersParametersAreRefused()
    {
        Parameter[] parameters = [_device.CreateParameter("p", [1]), _device.CreateParameter("q", [1])];
        using var average = WeightAverage.Exponential(parameters);
        using var optimizer = new Sgd(parameters[..1]);
        Assert.That(() => optimizer.WeightAverage = average, Throws.ArgumentException.With.Message.Contains("WeightAverage must be of the optimizer's parameters. 'q' is not among them."));
        using var own = WeightAverage.Exponential(parameters[..1]);
        optimizer.WeightAverage = own;
        own.Dispose();
        Assert.That(optimizer.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => optimizer.WeightAverage = average, Throws.ArgumentException);
        optimizer.WeightAverage = null;
        Assert.That(optimizer.Step, Throws.Nothing);
    }

    /// <summary>All types at once; there and back.</summary>
    [Test]
    public void SwapsWhatIsThere()
    {
        var single = _device.CreateParameter<float>("a", [3], [1, 2, float.NaN]);
        var brain = _device.CreateParameter<BFloat16>("b", [2], [(BFloat16)1f, (BFloat16)2f]);
        var half = _device.CreateParameter<Half>("c", [1], [(Half)1f]);
        using var average = WeightAverage.Exponential([single, brain, half], decay: 0.5);
        average.Update();
        single.Data.CopyFrom([5f, 6f, 7f]);
        half.Data.CopyFrom([(Half)3f]);
        average.Swap();
        Assert.That(single.Data.ToArray(), Is.EqualTo([1f, 2f, float.NaN]));
        Assert.That(((Parameter<float>)average.Averages[0]).Data.ToArray(), Is.EqualTo([5f, 6f, 7f]));
        Assert.That(half.Data.ToArray(), Is.EqualTo([(Half)1f]));
        average.Swap();
        average.Update();
        Assert.That(half.Data.ToArray(), Is.EqualTo([(Half)3f]));
        Assert.That(((Parameter<Half>)average.Averages[2]).Data.ToArray(), Is.EqualTo([(Half)2f]));
        Assert.That(average.Averages.Select(parameter => parameter.Name), Is.EqualTo(["a", "b", "c"]));
    }

    /// <summary>Averages go through a file like any parameters.</summary>
    [Test]
    public void GoesOnFromAFile()
    {
        var path = Path.GetTempFileName();
        try
        {
            var parameter = _device.CreateParameter<float>("w", [2], [1, 2]);
            using WeightAverage whole = WeightAverage.Equal([parameter]), resumed = WeightAverage.Equal([parameter]);
            whole.Update();
            Checkpoint.SaveParameters(path, whole.Averages);
            Checkpoint.LoadParameters(path, resumed.Averages);
            resumed.UpdateCount = whole.UpdateCount;
            parameter.Data.CopyFrom([4f, 5f]);
            whole.Update();
            resumed.Update();
            Assert.That(((Parameter<float>)resumed.Averages[0]).Data.ToArray(), Is.EqualTo(((Parameter<float>)whole.Averages[0]).Data.ToArray()).And.EqualTo(new[] { 2.5f, 3.5f }));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void WrongUseIsRefused()
    {
        var parameter = _device.CreateParameter("w", [2]);
        Assert.That(() => WeightAverage.Exponential([parameter], 1.5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("decay must be in [0, 1]."));
        Assert.That(() => WeightAverage.Equal([]), Throws.ArgumentException);
        var average = WeightAverage.Equal([parameter]);
        Assert.That(() => average.UpdateCount = -1, Throws.TypeOf<ArgumentOutOfRangeException>());
        average.Dispose();
        Assert.That(average.Update, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(average.Swap, Throws.TypeOf<ObjectDisposedException>());
    }
}
