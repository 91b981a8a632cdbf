using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class GradientClippingTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>A parameter of zeros that goes down its gradient by a rate of 1 is the clipped gradient, with its sign changed.</summary>
    [TestCase("normal", 2)]
    [TestCase("one", 1)]
    [TestCase("inf", double.PositiveInfinity)]
    public void ByNormIsPyTorchs(string norm, double order)
    {
        var file = Recording("clip_grad_norm");
        var parameters = Parameters(file, $"{norm}/before/");
        using var optimizer = new Sgd(parameters, new() { LearningRate = 1 }) { GradientClipping = GradientClipping.ByNorm(1.5, order) };
        optimizer.Step();
        Assert.That(optimizer.ReadGradientNorm(), Is.EqualTo((double)file.Values<float>($"{norm}/total")[0]).Within(1e-4).Percent);
        for (var i = 0; i < parameters.Length; i++)
        {
            var expected = file.Values<float>($"{norm}/after/{i}").ToArray();
            Assert.That(parameters[i].Data.ToArray().Select(value => -value), Is.EqualTo(expected).Within(1e-4).Percent);
            Assert.That(parameters[i].Gradient.ToArray(), Is.EqualTo(file.Values<float>($"{norm}/before/{i}").ToArray()), "gradients are not written");
        }
    }

    [Test]
    public void ByValueIsPyTorchsToTheLastBit()
    {
        var file = Recording("clip_grad_value");
        var parameters = Parameters(file, "before/");
        using var optimizer = new Sgd(parameters, new() { LearningRate = 1 }) { GradientClipping = GradientClipping.ByValue(1.25) };
        optimizer.Step();
        for (var i = 0; i < parameters.Length; i++)
            Bits.AreEqual<float>([.. parameters[i].Data.ToArray().Select(value => 0 - value)], [.. file.Values<float>($"after/{i}").ToArray().Select(value => 0 + value)], $"gradient {i}");
    }

    /// <summary>The same bits as on the CPU, with many tensors of several types, a missing gradient, and another rate; also of a model with Muon.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void GivesTheBitsOfSimd(bool isModel)
    {
        using var reference = new SimdDevice(threads: 2);
        var (actual, actualNorm) = Train(_device, isModel);
        var (expected, expectedNorm) = Train(reference, isModel);
        Assert.That(actualNorm, Is.EqualTo(expectedNorm));
        Assert.That(actual, Is.EqualTo(expected));
    }

    /// <summary>What is below the limit is multiplied by 1: nothing changes, wherever in memory the factor is.</summary>
    [Test]
    public void SmallGradientsStayAsTheyAre()
    {
        var (clipped, _) = Train(_device, isModel: false, maxNorm: 1e9);
        var (free, _) = Train(_device, isModel: false, maxNorm: null);
        Assert.That(clipped, Is.EqualTo(free));
    }

    [Test]
    public void NaNIsNotHidden()
    {
        foreach (var clipping in (GradientClipping[])[GradientClipping.ByNorm(1), GradientClipping.ByNorm(1, 1), GradientClipping.ByNorm(1, double.PositiveInfinity), GradientClipping.ByValue(1)])
        {
            var parameter = _device.CreateParameter<float>("p", [3], [1, 2, 3]);
            parameter.Gradient.CopyFrom([1f, float.NaN, 1f]);
            using var optimizer = new Sgd([parameter], new() { LearningRate = 1 }) { GradientClipping = clipping };
            optimizer.Step();
            Assert.That(parameter.Data.ToArray()[1], Is.NaN);
            if (clipping.MaxNorm is not null)
                Assert.That(optimizer.ReadGradientNorm(), Is.NaN);
        }
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Assert.That(() => GradientClipping.ByNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("maxNorm must be finite and above 0."));
        Assert.That(() => GradientClipping.ByNorm(1, 3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("order must be 1, 2 or infinite."));
        Assert.That(() => GradientClipping.ByValue(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("maxValue must be finite and above 0."));
        using var optimizer = new Sgd([_device.CreateParameter("p", [1])]);
        Assert.That(optimizer.ReadGradientNorm, Throws.InvalidOperationException.With.Message.Contains("There was none."));
    }

    private static (string[] Parameters, double Norm) Train(Device device, bool isModel, double? maxNorm = 0.75)
    {
        var random = new Random(5);
        Parameter[] parameters =
        [
            device.CreateParameter<float>("a", [40, 30], Numbers<float>(random, 1200)),
            device.CreateParameter<float>("b", [5003], Numbers<float>(random, 5003)),
            device.CreateParameter<BFloat16>("c", [9001], Numbers<BFloat16>(random, 9001)),
            device.CreateParameter<Half>("d", [77], Numbers<Half>(random, 77)),
            device.CreateParameter<float>("e", [10], Numbers<float>(random, 10)),
        ];
        using Optimizer optimizer = isModel
            ? new ModelOptimizer(parameters, Assignment.Named("a", new MuonOptions()), Assignment.Rest(new AdamWOptions()))
            : new AdamW(parameters);
        if (maxNorm is { } most)
            optimizer.GradientClipping = GradientClipping.ByNorm(most);
        for (var step = 0; step < 3; step++)
        {
            foreach (var parameter in parameters)
            {
                switch (parameter)
                {
                    case Parameter<float> single: single.Gradient.CopyFrom(Numbers<float>(random, (int)single.Length)); break;
                    case Parameter<BFloat16> brain: brain.Gradient.CopyFrom(Numbers<BFloat16>(random, (int)brain.Length)); break;
                    default: ((Parameter<Half>)parameter).Gradient.CopyFrom(Numbers<Half>(random, (int)parameter.Length)); break;
                }
            }
            parameters[4].HasGradient = step % 2 == 0;
            optimizer.Step();
        }
        return ([.. parameters.Select(Bits.Hexadecimal)], maxNorm is null ? 0 : optimizer.ReadGradientNorm());
    }

    private static T[] Numbers<T>(Random random, int count) where T : unmanaged => [.. Enumerable.Range(0, count).Select(_ => Bits.FromFloat<T>(random.NextSingle() - 0.5f))];

    private static SafetensorsFile Recording(string name) => new(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", name + ".safetensors"));

    private Parameter<float>[] Parameters(SafetensorsFile file, string prefix)
    {
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 4).Select(i => _device.CreateParameter<float>($"p{i}", file.Shape($"{prefix}{i}")))];
        for (var i = 0; i < parameters.Length; i++)
            parameters[i].Gradient.CopyFrom(file.Values<float>($"{prefix}{i}"));
        return parameters;
    }
}
