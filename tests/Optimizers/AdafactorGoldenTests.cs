using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// Runs of Adafactor that PyTorch recorded, and the same runs here. PyTorch sums in float, in an order of its own: what is compared is within 1e-5 of the largest
/// value; in bfloat16, where it rounds averages and estimates, too, of what one step changes.
/// </summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class AdafactorGoldenTests(TestDevice testDevice)
{
    private static readonly string _folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Adafactor");

    private static IEnumerable<string> Names => Directory.EnumerateFiles(_folder, "*.safetensors").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    [Test]
    public void DoesWhatPyTorchDoes([ValueSource(nameof(Names))] string name)
    {
        var file = new SafetensorsFile(Path.Combine(_folder, name + ".safetensors"));
        using var device = testDevice.Open();
        if (file.ElementType("init/0") == ElementType.BFloat16)
            Verify<BFloat16>(device, file);
        else
            Verify<float>(device, file);
    }

    /// <summary>A run that PyTorch saved in the middle; and there and back.</summary>
    [Test]
    public void GoesOnWherePyTorchStopped()
    {
        using var device = testDevice.Open();
        var next = new SafetensorsFile(Path.Combine(_folder, "run.next.bin"));
        using var model = new MatrixModel(device, [[6, 4], [5], [2, 3, 4]]);
        using var copies = new MatrixModel(device, [[6, 4], [5], [2, 3, 4]], seed: 2);
        using var optimizer = new Adafactor(model.Parameters, new() { Epsilon1 = 1 });
        TorchCheckpoint.Load(Path.Combine(_folder, "run.pt"), optimizer);
        var options = optimizer.Groups[0].Options;
        Assert.That(options, Is.EqualTo(new AdafactorOptions { LearningRate = 0.05, Beta2Decay = -0.7, Epsilon2 = 1e-2, ClippingThreshold = 1.5, WeightDecay = 0.01 }));

        using var stream = new MemoryStream();
        TorchCheckpoint.Save(stream, optimizer);
        stream.Position = 0;
        using var back = new Adafactor(copies.Parameters);
        TorchCheckpoint.Load(stream, back);
        for (var i = 0; i < model.Parameters.Length; i++)
        {
            model.Parameters[i].Gradient.CopyFrom(next.Values<float>($"grad/{i}"));
            copies.Parameters[i].Gradient.CopyFrom(next.Values<float>($"grad/{i}"));
        }
        optimizer.Step();
        back.Step();
        for (var i = 0; i < model.Parameters.Length; i++)
            AssertNear<float>(model.Parameters[i].Data.ToArray(), next.Values<float>($"next/{i}"), 1e-5, $"parameter {i}");
        StepTests.AssertSame(copies.Data(), model.Data());
    }

    private static void Verify<T>(Device device, SafetensorsFile file) where T : unmanaged
    {
        Parameter<T>[] parameters = [.. Enumerable.Range(0, file.JsonMetadata("shapes").GetArrayLength()).Select(i => device.CreateParameter<T>($"p{i}", file.Shape($"init/{i}"), file.Values<T>($"init/{i}")))];
        using var optimizer = new Adafactor(parameters, Options(file));
        double[] rates = [.. file.JsonMetadata("lrs").EnumerateArray().Select(rate => rate.GetDouble())];
        for (var t = 1; t <= file.JsonMetadata("steps").GetInt32(); t++)
        {
            if (rates.Length > 0)
                optimizer.Groups[0].LearningRate = rates[(t - 1) % rates.Length];
            for (var i = 0; i < parameters.Length; i++)
            {
                parameters[i].HasGradient = file.Contains($"grad/{t}/{i}");
                if (parameters[i].HasGradient)
                    parameters[i].Gradient.CopyFrom(file.Values<T>($"grad/{t}/{i}"));
            }
            optimizer.Step();
            for (var i = 0; i < parameters.Length; i++)
                AssertNear(parameters[i].Data.ToArray(), file.Values<T>($"param/{t}/{i}"), typeof(T) == typeof(float) ? 1e-5 : 1.0 / 128, $"param/{t}/{i}");
        }
        var state = optimizer.StateDictionary();
        for (var i = 0; i < parameters.Length; i++)
        {
            var own = state[$"p{i}"];
            string[] recorded = [.. file.Names.Where(name => name.StartsWith("state/", StringComparison.Ordinal) && name.EndsWith($"/{i}", StringComparison.Ordinal)).Select(name => name.Split('/')[1])];
            Assert.That(own.Names, Is.EquivalentTo(recorded), $"state of parameter {i}");
            foreach (var name in recorded.Where(name => name != "step"))
            {
                Assert.That(own[name].Shape, Is.EqualTo(file.Shape($"state/{name}/{i}")), $"{name} of parameter {i}");
                if (typeof(T) == typeof(float))
                    AssertNear<float>(own[name].Values<float>(), file.Values<float>($"state/{name}/{i}"), 1e-5, $"{name} of parameter {i}");
            }
            Assert.That(own.Step, Is.EqualTo((long)file.Values<float>($"state/step/{i}")[0]), $"step of parameter {i}");
        }
    }

    private static void AssertNear<T>(ReadOnlySpan<T> actual, ReadOnlySpan<T> recorded, double tolerance, string what) where T : unmanaged
    {
        var (largest, furthest) = (0.0, 0.0);
        Assert.That(actual.Length, Is.EqualTo(recorded.Length), what);
        for (var i = 0; i < actual.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(Bits.ToFloat(recorded[i])));
            furthest = Math.Max(furthest, Math.Abs(Bits.ToFloat(actual[i]) - Bits.ToFloat(recorded[i])));
        }
        Assert.That(furthest, Is.LessThanOrEqualTo(tolerance * largest), what);
    }

    private static AdafactorOptions Options(SafetensorsFile file)
    {
        var hyper = file.JsonMetadata("hyper");
        var usual = new AdafactorOptions();
        double Number(string key, double otherwise) => hyper.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
        var hasEpsilons = hyper.TryGetProperty("eps", out var epsilons);
        return usual with
        {
            LearningRate = Number("lr", usual.LearningRate),
            Beta2Decay = Number("beta2_decay", usual.Beta2Decay),
            Epsilon1 = hasEpsilons ? epsilons[0].GetDouble() : null,
            Epsilon2 = hasEpsilons ? epsilons[1].GetDouble() : usual.Epsilon2,
            ClippingThreshold = Number("d", usual.ClippingThreshold),
            WeightDecay = Number("weight_decay", usual.WeightDecay),
            Maximize = hyper.TryGetProperty("maximize", out var maximize) && maximize.GetBoolean(),
        };
    }
}
