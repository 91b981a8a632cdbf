using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// Runs of NorMuon that its authors' package recorded, <c>Golden/NorMuon/record.py</c>, and the same runs here. Where both take the Newton-Schulz of PyTorch's Muon,
/// directions are the same to the bit; what differs is that PyTorch sums squares in float.
/// </summary>
public sealed class NorMuonGoldenTests
{
    private static readonly string _folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "NorMuon");

    private static IEnumerable<string> Names => Directory.EnumerateFiles(_folder, "*.safetensors").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    [Test]
    public void DoesWhatItsAuthorsDo([ValueSource(nameof(Names))] string name)
    {
        var file = new SafetensorsFile(Path.Combine(_folder, name + ".safetensors"));
        if (file.ElementType("init/0") == ElementType.BFloat16)
            Verify<BFloat16>(file, name);
        else
            Verify<float>(file, name);
    }

    /// <summary>A run that the authors' package saved with PyTorch, in the middle, with heads; and there and back.</summary>
    [Test]
    public void GoesOnWhereItsAuthorsStopped()
    {
        using var device = new SimdDevice();
        var next = new SafetensorsFile(Path.Combine(_folder, "run.next.bin"));
        Parameter<float>[] parameters = [device.CreateParameter("0", [12, 8]), device.CreateParameter("1", [12, 5])];
        using var optimizer = new NorMuon(parameters, new() { NewtonSchulz = new() });
        TorchCheckpoint.Load(Path.Combine(_folder, "run.pt"), optimizer);
        var options = optimizer.Groups[0].Options;
        Assert.That((options.Momentum, options.WeightDecayMode, options.Nesterov, options.SplitRows), Is.EqualTo((0.9, WeightDecayMode.Cautious, true, new[] { 4 })));

        using var stream = new MemoryStream();
        TorchCheckpoint.Save(stream, optimizer);
        stream.Position = 0;
        Parameter<float>[] copies = [device.CreateParameter("0", [12, 8]), device.CreateParameter("1", [12, 5])];
        using var back = new NorMuon(copies, new() { NewtonSchulz = new() });
        TorchCheckpoint.Load(stream, back);
        for (var i = 0; i < parameters.Length; i++)
        {
            Bits.AreEqual<float>(parameters[i].Data.ToArray(), next.Values<float>($"param/{i}"), $"parameter {i}");
            parameters[i].Gradient.CopyFrom(next.Values<float>($"grad/{i}"));
            copies[i].Gradient.CopyFrom(next.Values<float>($"grad/{i}"));
        }
        optimizer.Step();
        back.Step();
        for (var i = 0; i < parameters.Length; i++)
        {
            Compare(parameters[i].Data.ToArray(), next.Values<float>($"next/{i}"), next.Values<float>($"param/{i}"), Tolerance.Of("heads"), $"parameter {i}, a step later");
            Bits.AreEqual<float>(copies[i].Data.ToArray(), parameters[i].Data.ToArray(), $"parameter {i}, there and back");
        }
    }

    private static void Verify<T>(SafetensorsFile file, string name) where T : unmanaged
    {
        using var device = new SimdDevice();
        var options = Options(file);
        Parameter<T>[] parameters = [.. Enumerable.Range(0, file.JsonMetadata("shapes").GetArrayLength()).Select(i => device.CreateParameter($"p{i}", file.Shape($"init/{i}"), file.Values<T>($"init/{i}")))];
        using var optimizer = new NorMuon(parameters, options);
        for (var t = 1; t <= file.JsonMetadata("steps").GetInt32(); t++)
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                parameters[i].HasGradient = file.Contains($"grad/{t}/{i}");
                if (parameters[i].HasGradient)
                    parameters[i].Gradient.CopyFrom(file.Values<T>($"grad/{t}/{i}"));
            }
            optimizer.Step();
            for (var i = 0; i < parameters.Length; i++)
            {
                // Each step starts from the recorded parameters, so that only its own roundings count.
                var recorded = file.Values<T>($"param/{t}/{i}");
                Compare(parameters[i].Data.ToArray(), recorded, file.Values<T>(t == 1 ? $"init/{i}" : $"param/{t - 1}/{i}"), Tolerance.Of(name), $"param/{t}/{i}");
                parameters[i].Data.CopyFrom(recorded);
            }
        }
        var state = optimizer.StateDictionary();
        for (var i = 0; i < parameters.Length; i++)
        {
            Bits.AreEqual<T>(state[$"p{i}"]["momentum"].Values<T>(), file.Values<T>($"state/momentum/{i}"), $"{name}: momentum {i}");
            var (own, recorded) = (state[$"p{i}"]["variance_neuron"].Values<float>().ToArray(), file.Values<T>($"state/variance_neuron/{i}"));
            // Where the learning rate follows blocks, dion has their ratios in the directions, and so their squares here.
            var ratios = name == "split" ? Enumerable.Range(0, own.Length).Select(row => (row < 12 ? 12 : row < 20 ? 8 : 4) / 24.0).ToArray() : [.. Enumerable.Repeat(1.0, own.Length)];
            for (var row = 0; row < own.Length; row++)
                Assert.That(own[row] * ratios[row], Is.EqualTo(Bits.ToFloat(recorded[row])).Within(100 * Tolerance.Of(name).OfAverages).Percent, $"{name}: average {row} of {i}");
        }
    }

    /// <summary>A number may differ by a part of itself, before or after, and by a part of the largest change.</summary>
    private static void Compare<T>(T[] actual, T[] recorded, T[] before, Tolerance tolerance, string what) where T : unmanaged
    {
        var largest = recorded.Zip(before, (now, then) => Math.Abs(Bits.ToFloat(now) - Bits.ToFloat(then))).Max();
        for (var i = 0; i < actual.Length; i++)
        {
            var (own, now, then) = (Bits.ToFloat(actual[i]), Bits.ToFloat(recorded[i]), Bits.ToFloat(before[i]));
            Assert.That((double)own, Is.EqualTo(now).Within(tolerance.OfNumbers * Math.Max(Math.Abs(now), Math.Abs(then)) + tolerance.OfSteps * largest), $"{what}[{i}]");
        }
    }

    private static NorMuonOptions Options(SafetensorsFile file)
    {
        var (hyper, own) = (file.JsonMetadata("hyper"), new NorMuonOptions());
        double Number(string key, double otherwise) => hyper.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
        bool Flag(string key) => hyper.TryGetProperty(key, out var value) && value.GetBoolean();
        return own with
        {
            LearningRate = Number("lr", own.LearningRate),
            Momentum = Number("mu", own.Momentum),
            Beta2 = Number("muon_beta2", own.Beta2),
            WeightDecay = Number("weight_decay", own.WeightDecay),
            WeightDecayMode = Flag("cautious_wd") ? WeightDecayMode.Cautious : WeightDecayMode.Decoupled,
            Nesterov = Flag("nesterov"),
            AdjustLearningRate = !hyper.TryGetProperty("adjust_lr", out var adjust) ? own.AdjustLearningRate
                : adjust.GetString() == "rms_norm" ? LearningRateAdjustment.MatchRmsAdamW : LearningRateAdjustment.None,
            SplitRows = hyper.TryGetProperty("num_heads", out var heads) ? [(int)file.Shape("init/0")[0] / heads.GetInt32()]
                : hyper.TryGetProperty("split_sizes", out var sizes) ? [.. sizes.EnumerateArray().Select(size => size.GetInt32())] : null,
            NewtonSchulz = file.Metadata("ns") switch
            {
                "torch_ns" => new(),
                "only_norm" => new() { Coefficients = NewtonSchulzCoefficients.Custom([new(1, 0, 0)], normScale: 1.0 / 64) },
                "dion" => new() { Coefficients = NewtonSchulzCoefficients.ModdedNanoGpt, Epsilon = 1e-8 },
                _ => new() { Coefficients = NewtonSchulzCoefficients.PolarExpressFive, Epsilon = 1e-8 },
            },
        };
    }

    /// <summary>What roundings may make of a run.</summary>
    /// <param name="OfNumbers">As a part of each number.</param>
    /// <param name="OfSteps">As a part of the largest change.</param>
    /// <param name="OfAverages">As a part of each average.</param>
    private sealed record Tolerance(double OfNumbers, double OfSteps, double OfAverages)
    {
        private const double Float = 1.0 / (1 << 23), BFloat16 = 1.0 / (1 << 7);

        public static Tolerance Of(string run) => run switch
        {
            // All sums are of powers of two, and of few places.
            "exact" => new(0, 0, 0),
            // All that dion computes of bfloat16 parameters is bfloat16; here averages and directions are float.
            "bfloat16" => new(BFloat16, BFloat16, 2 * BFloat16),
            // dion's own Newton-Schulz rounds to bfloat16 more often, and sums products in another order: where polynomials are steep, at a single value of 1 above all, that is much.
            "five_quintics" => new(Float, 0.1, 0.2),
            "polar_express" => new(Float, 0.35, 0.7),
            // There directions are rounded to bfloat16 once more, when the ratio of their block's rate is put into them.
            "split" => new(Float, BFloat16, 2 * BFloat16),
            _ => new(Float, 4 * Float, 2 * Float),
        };
    }
}
