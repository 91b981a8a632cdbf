using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>A step that repeats the one before does not look at each parameter. Whatever happens between steps, that must not show.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class RepeatedStepTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>One run as it is, its twin told before each step that something changed: the same bits, steps and state.</summary>
    [Test]
    public void GivesTheBitsOfStepsThatLookAtEverything([Range(1, 6)] int seed, [Values] bool isMuon)
    {
        var (remembering, looking) = (Train(seed, isMuon, looks: false), Train(seed, isMuon, looks: true));
        Assert.That(remembering, Is.EqualTo(looking));
    }

    /// <summary>A step that was prepared but not done, since another optimizer's could not be, does not count.</summary>
    [Test]
    public void AStepThatFailsInPreparationDoesNotCount()
    {
        using var model = new RandomModel<float>(_device, [40, 50]);
        using var twin = new RandomModel<float>(_device, [40, 50]);
        using var optimizer = new ModelOptimizer(model.Parameters, Assignment.Named("p0", new AdamOptions()), Assignment.Rest(new SgdOptions()));
        using var expected = new ModelOptimizer(twin.Parameters, Assignment.Named("p0", new AdamOptions()), Assignment.Rest(new SgdOptions()));
        for (var step = 0; step < 6; step++)
        {
            model.NextGradients();
            twin.NextGradients();
            if (step == 4)
            {
                var gradient = model.Parameters[1].Gradient;
                var gone = _device.CreateBuffer<float>(50);
                model.Parameters[1].Gradient = gone;
                gone.Dispose();
                Assert.That(optimizer.Step, Throws.TypeOf<ObjectDisposedException>());
                Assert.That(optimizer.Step, Throws.TypeOf<ObjectDisposedException>());
                model.Parameters[1].Gradient = gradient;
            }
            optimizer.Step();
            expected.Step();
        }
        StepTests.AssertSame(model.Data(), twin.Data());
        Assert.That(optimizer.StateDictionary()["p0"].Step, Is.EqualTo(6));
    }

    private string[] Train(int seed, bool isMuon, bool looks)
    {
        var random = new Random(seed);
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 6).Select(i => _device.CreateParameter<float>($"p{i}", [4 + i % 2, 6], Numbers(24 + i % 2 * 6)))];
        using Optimizer optimizer = isMuon ? new Muon(parameters[..4]) : new AdamW(parameters[..4], new() { LearningRate = 0.01 });
        var report = new List<string>();
        for (var step = 0; step < 25; step++)
        {
            foreach (var parameter in parameters)
                parameter.Gradient.CopyFrom(Numbers((int)parameter.Length));
            switch (random.Next(12))
            {
                case 0:
                    parameters[random.Next(6)].HasGradient ^= true;
                    break;
                case 1:
                    var moved = parameters[random.Next(6)];
                    moved.Gradient = _device.CreateBuffer<float>(Numbers((int)moved.Length));
                    break;
                case 2:
                    optimizer.Groups[0].LearningRate *= 0.9;
                    break;
                case 3 when optimizer.Groups.Count == 1:
                    optimizer.AddGroup(parameters[4..], optimizer.Groups[0].AnyOptions with { LearningRate = 0.003 });
                    break;
                case 4:
                    report.AddRange(optimizer.StateDictionary().Parameters.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value.Step} {string.Join(' ', pair.Value.Tensors.Keys)}"));
                    break;
                case 5:
                    optimizer.Load(optimizer.StateDictionary());
                    break;
                case 6 when optimizer is AdamW adam:
                    adam.Groups[0].Options = adam.Groups[0].Options with { Amsgrad = !adam.Groups[0].Options.Amsgrad };
                    break;
                case 7:
                    optimizer.GradientClipping = optimizer.GradientClipping is null ? GradientClipping.ByNorm(0.5) : null;
                    break;
                case 8:
                    if (optimizer.GradientScaler is { } scaler)
                    {
                        optimizer.GradientScaler = null;
                        scaler.Dispose();
                    }
                    else
                    {
                        optimizer.GradientScaler = new GradientScaler(_device, new() { InitialScale = 2 });
                    }
                    break;
                case 9 when optimizer.GradientScaler is not null:
                    parameters[0].Gradient.CopyFrom([float.PositiveInfinity]);
                    break;
            }
            if (looks)
                _device.CountChange();
            optimizer.Step();
        }
        report.AddRange(parameters.Select(Bits.Hexadecimal));
        optimizer.GradientScaler?.Dispose();
        return [.. report];

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
