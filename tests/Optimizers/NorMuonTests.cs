using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What the recorded runs do not show of NorMuon: every device, blocks, zeros, steps that are skipped, state, and wrong use.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class NorMuonTests(TestDevice testDevice)
{
    private static readonly long[][] _shapes = [[8, 12], [12, 8], [8, 12], [1, 5], [5, 1], [33, 70], [6, 4099], [300, 3]];

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>Orthogonalized directions, normalized in double by the formula; the next average is of the one before.</summary>
    [TestCase(33, 70)]
    [TestCase(5, 4100)]
    [TestCase(260, 2)]
    public void FollowsTheFormula(int rows, int columns)
    {
        using var model = new MatrixModel(_device, [[rows, columns]]);
        var options = new NorMuonOptions { LearningRate = 0.5, WeightDecay = 0, AdjustLearningRate = LearningRateAdjustment.None, Nesterov = true, Beta2 = 0.75 };
        using var optimizer = new NorMuon(model.Parameters, options);
        using DeviceBuffer<float> direction = _device.CreateBuffer<float>((long)rows * columns), orthogonal = _device.CreateBuffer<float>((long)rows * columns);
        var (momentum, averages) = (new float[rows * columns], new double[rows]);
        for (var t = 0; t < 3; t++)
        {
            model.NextGradients();
            var (before, gradient) = (model.Data()[0], model.Parameters[0].Gradient.ToArray());
            momentum = [.. momentum.Zip(gradient, (m, g) => m * 0.95f + g)];
            direction.CopyFrom([.. momentum.Zip(gradient, (m, g) => m * 0.95f + g)]);
            _device.Orthogonalize(direction, orthogonal, rows, columns, options.NewtonSchulz);
            optimizer.Step();

            var matrix = orthogonal.ToArray().Chunk(columns).ToArray();
            averages = [.. averages.Zip(matrix, (average, row) => 0.75 * average + 0.25 * row.Average(x => (double)x * x))];
            double[][] normalized = [.. matrix.Zip(averages, (row, average) => row.Select(x => x / (Math.Sqrt(average) + 1e-8)).ToArray())];
            var factor = Norm(matrix.Select(row => row.Select(x => (double)x))) / Norm(normalized);
            double[] step = [.. normalized.SelectMany(row => row.Select(x => 0.5 * factor * x))];
            var largest = step.Max(Math.Abs);
            Assert.That(model.Data()[0].Zip(before, step).Select(each => Math.Abs(each.First - (each.Second - each.Third))).Max(), Is.LessThan(4e-7 * Math.Max(1, largest)), $"step {t}");
        }
        var state = optimizer.StateDictionary()["w0"];
        Bits.AreEqual<float>(state["momentum"].Values<float>(), momentum, "momentum");
        Assert.That(state["variance_neuron"].Shape, Is.EqualTo(new long[] { rows, 1 }));
        Assert.That(state["variance_neuron"].Values<float>().ToArray().Zip(averages, (own, expected) => Math.Abs(own / expected - 1)).Max(), Is.LessThan(3e-7));

        static double Norm(IEnumerable<IEnumerable<double>> numbers) => Math.Sqrt(numbers.Sum(row => row.Sum(x => x * x)));
    }

    /// <summary>One float at a time on one thread is the reference; many matrices together, in two groups, some without gradients, one with zeros.</summary>
    [Test]
    public void EveryDeviceGivesTheSameBits([Values] NewtonSchulzPrecision precision)
    {
        using var reference = new SimdDevice(1, 32);
        var sixteenBits = precision == NewtonSchulzPrecision.Float32;
        var expected = sixteenBits ? Train<BFloat16>(reference, precision) : Train<float>(reference, precision);
        var actual = sixteenBits ? Train<BFloat16>(_device, precision) : Train<float>(_device, precision);
        Assert.That(actual.Keys, Is.EquivalentTo(expected.Keys));
        foreach (var (what, bytes) in expected)
            Assert.That(actual[what], Is.EqualTo(bytes), what);
    }

    [TestCase(new[] { 10, 4, 4 })]
    [TestCase(new[] { 3 })]
    public void SplitRowsEqualSeparateParameters(int[] split)
    {
        var heights = split.Length == 1 ? [.. Enumerable.Repeat(split[0], 18 / split[0])] : split;
        using var fused = new MatrixModel(_device, [[18, 7]]);
        using var optimizer = new NorMuon(fused.Parameters, new() { SplitRows = split });
        var whole = fused.Parameters[0];
        var parts = new List<Parameter<float>>();
        for (var (i, row) = (0, 0); i < heights.Length; row += heights[i++])
            parts.Add(_device.CreateParameter<float>($"part{i}", [heights[i], 7], whole.Data.ToArray().AsSpan(row * 7, heights[i] * 7)));
        using var separate = new NorMuon(parts);
        for (var t = 0; t < 3; t++)
        {
            fused.NextGradients();
            for (var (i, row) = (0, 0); i < heights.Length; row += heights[i++])
                parts[i].Gradient.CopyFrom(whole.Gradient.ToArray().AsSpan(row * 7, heights[i] * 7));
            optimizer.Step();
            separate.Step();
        }
        Bits.AreEqual<float>(whole.Data.ToArray(), [.. parts.SelectMany(part => part.Data.ToArray())], "data");
        var state = separate.StateDictionary();
        Bits.AreEqual<float>(optimizer.StateDictionary()["w0"]["variance_neuron"].Values<float>(), [.. parts.SelectMany(part => state[part.Name]["variance_neuron"].Values<float>().ToArray())], "averages");
    }

    [Test]
    public void ANeuronOfAConvolutionIsAChannel()
    {
        using var model = new MatrixModel(_device, [[6, 2, 3, 3]]);
        using var flat = new MatrixModel(_device, [[6, 18]]);
        using var optimizer = new NorMuon(model.Parameters, new() { FlattenConvolutions = true });
        using var expected = new NorMuon(flat.Parameters);
        model.NextGradients();
        flat.NextGradients();
        optimizer.Step();
        expected.Step();
        StepTests.AssertSame(model.Data(), flat.Data());
        var averages = optimizer.StateDictionary()["w0"]["variance_neuron"];
        Assert.That(averages.Shape, Is.EqualTo(new long[] { 6, 1, 1, 1 }));
        Bits.AreEqual<float>(averages.Values<float>(), expected.StateDictionary()["w0"]["variance_neuron"].Values<float>(), "averages");
    }

    /// <summary>Neurons that never had a gradient, or a whole matrix of them, stay where they are.</summary>
    [Test]
    public void ZerosStayZerosAndMakeNoNaN()
    {
        using var model = new MatrixModel(_device, [[4, 6], [4, 6]]);
        using var optimizer = new NorMuon(model.Parameters, new() { WeightDecay = 0 });
        var before = model.Data();
        for (var t = 0; t < 2; t++)
        {
            model.NextGradients();
            var gradient = model.Parameters[1].Gradient.ToArray();
            gradient.AsSpan(6, 6).Clear();
            model.Parameters[1].Gradient.CopyFrom(gradient);
            model.Parameters[0].Gradient.CopyFrom(new float[24]);
            optimizer.Step();
        }
        Bits.AreEqual<float>(model.Data()[0], before[0], "a matrix of zeros");
        Bits.AreEqual<float>(model.Data()[1].AsSpan(6, 6), before[1].AsSpan(6, 6), "a row of zeros");
        Assert.That(model.Data()[1].Zip(before[1], (now, then) => Math.Abs(now - then)).Max(), Is.GreaterThan(1e-3).And.LessThan(1));
        Assert.That(optimizer.StateDictionary()["w0"]["variance_neuron"].Values<float>().ToArray(), Is.All.Zero);
    }

    [Test]
    public void ASkippedStepLeavesEverything() => SkippedStep.LeavesEverything(_device, [[9, 14], [20, 6]], parameters => new NorMuon(parameters));

    [Test]
    public void ARunGoesOnFromAFile([Values(StatePrecision.SameAsParameter, StatePrecision.Blockwise8)] StatePrecision precision)
    {
        var options = new NorMuonOptions { StatePrecision = precision, FullPrecisionBelow = 0, SplitRows = [64], Nesterov = true, Epsilon = 1e-6, Beta2 = 0.9 };
        using var model = new MatrixModel(_device, [[128, 16]]);
        using var other = new MatrixModel(_device, [[128, 16]], seed: 9);
        using var optimizer = new NorMuon(model.Parameters, options);
        model.NextGradients();
        optimizer.Step();
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"normuon.{Guid.NewGuid():n}.safetensors");
        Checkpoint.Save(path, optimizer);
        using var resumed = new NorMuon(other.Parameters, new() { StatePrecision = precision, FullPrecisionBelow = 0, SplitRows = [64] });
        Checkpoint.Load(path, resumed);
        File.Delete(path);
        Assert.That(resumed.Groups[0].Options with { SplitRows = null }, Is.EqualTo(options with { SplitRows = null }));
        model.NextGradients();
        other.Parameters[0].Gradient.CopyFrom(model.Parameters[0].Gradient.ToArray());
        optimizer.Step();
        resumed.Step();
        StepTests.AssertSame(other.Data(), model.Data());
        var state = resumed.StateDictionary()["w0"];
        Assert.That((state["momentum"].ElementType, state["variance_neuron"].ElementType), Is.EqualTo((precision == StatePrecision.Blockwise8 ? ElementType.UInt8 : ElementType.Float32, ElementType.Float32)));
        Assert.That(state.Names, Has.No.Member("variance_neuron_scale"));
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Parameter matrix = _device.CreateParameter("w", [6, 4]), vector = _device.CreateParameter("bias", [6]);
        Assert.That(() => new NorMuon([vector]), Throws.ArgumentException.With.Message.Contains("NorMuon must be given matrices. Parameter 'bias' has shape [6]; train it with AdamW, beside NorMuon"));
        Assert.That(() => new NorMuon([matrix], new() { WeightDecayMode = WeightDecayMode.L2 }), Throws.ArgumentException.With.Message.Contains("WeightDecayMode must be Decoupled, Cautious or Independent"));
        Assert.That(() => new NorMuonOptions { Epsilon = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Epsilon must be finite and at least 1E-30."));
        Assert.That(() => new NorMuonOptions { Beta2 = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Beta2 must be in [0, 1)."));
        using var optimizer = new NorMuon([matrix]);
        optimizer.Step();
        var state = optimizer.StateDictionary();
        var wrong = new ParameterState(null, new Dictionary<string, StateTensor> { ["variance_neuron"] = StateTensor.Create<float>([6], new float[6]) });
        Assert.That(
            () => optimizer.Load(state with { Parameters = new Dictionary<string, ParameterState> { ["w"] = wrong } }),
            Throws.ArgumentException.With.Message.Contains("State 'variance_neuron' of parameter 'w' must have shape [6, 1]. Actual shape was [6]."));
    }

    [Test]
    public void DefaultsAreItsAuthors()
    {
        var options = new NorMuonOptions();
        Assert.That((options.LearningRate, options.WeightDecay, options.WeightDecayMode), Is.EqualTo((0.01, 0.01, WeightDecayMode.Decoupled)));
        Assert.That((options.Momentum, options.Beta2, options.Epsilon, options.Nesterov, options.AdjustLearningRate), Is.EqualTo((0.95, 0.95, 1e-8, false, LearningRateAdjustment.SpectralUnclamped)));
    }

    private static Dictionary<string, byte[]> Train<T>(Device device, NewtonSchulzPrecision precision) where T : unmanaged
    {
        var random = new Random(3);
        T[] Numbers(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => Bits.FromFloat<T>(random.NextSingle() * 2 - 1))];
        Parameter<T>[] parameters = [.. _shapes.Select((shape, i) => device.CreateParameter<T>($"w{i}", shape, Numbers(shape[0] * shape[1])))];
        var newtonSchulz = new NewtonSchulzOptions { Precision = precision, Steps = 3 };
        using var optimizer = new NorMuon(parameters[..5], new() { NewtonSchulz = newtonSchulz, Nesterov = true, WeightDecayMode = WeightDecayMode.Cautious });
        optimizer.AddGroup(parameters[5..], new() { LearningRate = 0.1, Beta2 = 0.5, AdjustLearningRate = LearningRateAdjustment.MatchRmsAdamW, NewtonSchulz = newtonSchulz with { Steps = 2 } });
        for (var t = 0; t < 3; t++)
        {
            foreach (var parameter in parameters)
                parameter.Gradient.CopyFrom(Numbers(parameter.Length));
            parameters[1].HasGradient = t != 1;
            parameters[2].Gradient.Clear();
            optimizer.Step();
        }
        var state = optimizer.StateDictionary();
        var bytes = parameters.ToDictionary(parameter => parameter.Name, parameter => MemoryMarshal.AsBytes<T>(parameter.Data.ToArray()).ToArray());
        foreach (var parameter in parameters)
            bytes.Add($"{parameter.Name}'s averages", MemoryMarshal.AsBytes(state[parameter.Name]["variance_neuron"].Values<float>()).ToArray());
        return bytes;
    }
}
