using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What the recorded runs do not show of Muon: many matrices together, blocks, options, and wrong use.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class MuonTests(TestDevice testDevice)
{
    private static readonly long[][] _shapes = [[8, 12], [8, 12], [12, 8], [1, 5], [5, 1], [40, 40], [8, 12], [33, 70], [130, 64]];

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void MatricesTogetherEqualOneAtATimeWhileOneMissesEverySecondGradient()
    {
        using var together = new MatrixModel(_device, _shapes);
        using var alone = new MatrixModel(_device, _shapes);
        using var optimizer = new Muon(together.Parameters[..4]);
        optimizer.AddGroup(together.Parameters[4..], new() { LearningRate = 0.02, NewtonSchulz = new() { Steps = 3 } });
        var single = alone.Parameters
            .Select((parameter, i) => new Muon([parameter], i < 4 ? new() : new MuonOptions { LearningRate = 0.02, NewtonSchulz = new() { Steps = 3 } }))
            .ToArray();
        for (var t = 0; t < 4; t++)
        {
            together.NextGradients();
            alone.NextGradients();
            together.Parameters[1].HasGradient = together.Parameters[5].HasGradient = t % 2 == 0;
            optimizer.Step();
            for (var i = 0; i < single.Length; i++)
            {
                if ((i != 1 && i != 5) || t % 2 == 0)
                    single[i].Step();
            }
            StepTests.AssertSame(together.Data(), alone.Data());
        }
        Array.ForEach(single, each => each.Dispose());
    }

    [TestCase(new[] { 6, 6, 6 })]
    [TestCase(new[] { 10, 4, 4 })]
    [TestCase(new[] { 3 })]
    public void SplitRowsEqualSeparateParameters(int[] split)
    {
        var heights = split.Length == 1 ? [.. Enumerable.Repeat(split[0], 18 / split[0])] : split;
        using var fused = new MatrixModel(_device, [[18, 7]]);
        using var muon = new Muon(fused.Parameters, new() { SplitRows = split });
        var whole = fused.Parameters[0];
        var parts = new List<Parameter<float>>();
        for (var (i, row) = (0, 0); i < heights.Length; row += heights[i++])
            parts.Add(_device.CreateParameter<float>($"part{i}", [heights[i], 7], whole.Data.ToArray().AsSpan(row * 7, heights[i] * 7)));
        using var separate = new Muon(parts);
        for (var t = 0; t < 3; t++)
        {
            fused.NextGradients();
            for (var (i, row) = (0, 0); i < heights.Length; row += heights[i++])
                parts[i].Gradient.CopyFrom(whole.Gradient.ToArray().AsSpan(row * 7, heights[i] * 7));
            muon.Step();
            separate.Step();
        }
        Bits.AreEqual<float>(whole.Data.ToArray(), [.. parts.SelectMany(part => part.Data.ToArray())], "data");
    }

    [Test]
    public void AConvolutionIsAMatrixByRequest()
    {
        using var model = new MatrixModel(_device, [[6, 2, 3, 3]]);
        using var flat = new MatrixModel(_device, [[6, 18]]);
        using var muon = new Muon(model.Parameters, new() { FlattenConvolutions = true });
        using var expected = new Muon(flat.Parameters);
        model.NextGradients();
        flat.NextGradients();
        muon.Step();
        expected.Step();
        StepTests.AssertSame(model.Data(), flat.Data());
        Assert.That(muon.StateDictionary()["w0"]["momentum_buffer"].Shape, Is.EqualTo(new long[] { 6, 2, 3, 3 }));
    }

    [Test]
    public void AZeroGradientLeavesDecayAloneWhileTheMomentumIsEmpty()
    {
        using var model = new MatrixModel(_device, [[4, 6]]);
        var parameter = model.Parameters[0];
        using var muon = new Muon([parameter], new() { LearningRate = 0.5, WeightDecay = 0.5 });
        var before = parameter.Data.ToArray();
        muon.Step();
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(before.Select(value => value * 0.75f)));

        model.NextGradients();
        muon.Step();
        muon.ZeroGradients();
        var moved = parameter.Data.ToArray();
        muon.Step();
        Assert.That(parameter.Data.ToArray().Zip(moved, (now, then) => Math.Abs(now - then * 0.75f)).Max(), Is.GreaterThan(0.05), "the momentum goes on");
        Assert.That(parameter.Data.ToArray(), Has.None.NaN);
    }

    [Test]
    public void TheMomentumBufferHoldsTheMomentumAndNothingElse()
    {
        using var model = new MatrixModel(_device, [[9, 14]]);
        using var muon = new Muon(model.Parameters, new() { Momentum = 0.8 });
        var buffer = new float[9 * 14];
        for (var t = 0; t < 3; t++)
        {
            model.NextGradients();
            var gradient = model.Parameters[0].Gradient.ToArray();
            for (var i = 0; i < buffer.Length; i++)
                buffer[i] = MathF.FusedMultiplyAdd((float)(1 - 0.8), gradient[i] - buffer[i], buffer[i]);
            muon.Step();
        }
        Bits.AreEqual<float>(muon.StateDictionary()["w0"]["momentum_buffer"].Values<float>(), buffer, "momentum");
    }

    /// <summary>An orthogonalized update has the length that the adjustment promises.</summary>
    [TestCase(LearningRateAdjustment.Original, 16, 64, 1)]
    [TestCase(LearningRateAdjustment.Original, 64, 16, 2)]
    [TestCase(LearningRateAdjustment.MatchRmsAdamW, 64, 16, 1.6)]
    [TestCase(LearningRateAdjustment.SpectralUnclamped, 16, 64, 0.5)]
    public void TheLearningRateFollowsTheShape(LearningRateAdjustment adjustment, int rows, int columns, double ratio)
    {
        using var model = new MatrixModel(_device, [[rows, columns]]);
        using var muon = new Muon(model.Parameters, new() { LearningRate = 1, WeightDecay = 0, AdjustLearningRate = adjustment, NewtonSchulz = new() { Precision = NewtonSchulzPrecision.Float32, Coefficients = NewtonSchulzCoefficients.Cubic, Steps = 40 } });
        var before = model.Data()[0];
        model.NextGradients();
        muon.Step();
        var length = Math.Sqrt(model.Data()[0].Zip(before, (now, then) => Math.Pow(now - then, 2)).Sum());
        Assert.That(length, Is.EqualTo(ratio * Math.Sqrt(Math.Min(rows, columns))).Within(1e-3));
    }

    [Test]
    public void OptionsChangeBetweenSteps()
    {
        using var model = new MatrixModel(_device, [[12, 10]]);
        using var same = new MatrixModel(_device, [[12, 10]]);
        using var muon = new Muon(model.Parameters);
        using var other = new Muon(same.Parameters);
        model.NextGradients();
        same.NextGradients();
        muon.Step();
        other.Step();
        muon.Groups[0].Options = muon.Groups[0].Options with { NewtonSchulz = new() { Steps = 2 }, LearningRate = 0.1, SplitRows = [4] };
        using var resumed = new Muon(same.Parameters, new() { NewtonSchulz = new() { Steps = 2 }, LearningRate = 0.1, SplitRows = [4] });
        var state = other.StateDictionary();
        resumed.Load(state with { Groups = [state.Groups[0] with { Options = resumed.Groups[0].Options }] });
        model.NextGradients();
        same.NextGradients();
        muon.Step();
        resumed.Step();
        StepTests.AssertSame(model.Data(), same.Data());
    }

    [Test]
    public void StateInFloatForSixteenBits()
    {
        var parameter = _device.CreateParameter<BFloat16>("w", [16, 24], [.. Enumerable.Range(0, 384).Select(i => (BFloat16)(i * 0.01f))]);
        parameter.Gradient.CopyFrom([.. Enumerable.Range(0, 384).Select(i => (BFloat16)MathF.Sin(i))]);
        using var muon = new Muon([parameter], new() { StatePrecision = StatePrecision.Float32 });
        muon.Step();
        var momentum = muon.StateDictionary()["w"]["momentum_buffer"];
        Assert.That(momentum.ElementType, Is.EqualTo(ElementType.Float32));
        Assert.That(momentum.Values<float>()[5], Is.EqualTo((float)(1 - 0.95) * (float)(BFloat16)MathF.Sin(5)).Within(1e-9));
        Assert.That(parameter.Data.ToArray().Select(value => (float)value), Has.None.NaN);
    }

    [Test]
    public void EmptyMatricesDoNothing()
    {
        var parameter = _device.CreateParameter("w", [0, 4]);
        using var muon = new Muon([parameter]);
        muon.Step();
        Assert.That(muon.StateDictionary()["w"]["momentum_buffer"].Shape, Is.EqualTo(new long[] { 0, 4 }));
    }

    [Test]
    public void WhatIsNoMatrixIsRefused()
    {
        Parameter matrix = _device.CreateParameter("w", [6, 4]), vector = _device.CreateParameter("bias", [6]), kernel = _device.CreateParameter("conv", [6, 3, 3, 3]);
        Assert.That(() => new Muon([matrix, vector]), Throws.ArgumentException.With.Message.Contains("Muon must be given matrices. Parameter 'bias' has shape [6]; train it with AdamW"));
        Assert.That(() => new Muon([kernel]), Throws.ArgumentException.With.Message.Contains("Parameter 'conv' has shape [6, 3, 3, 3]; set FlattenConvolutions to take it as 6 x 27."));
        Assert.That(() => new Muon([matrix], new() { SplitRows = [4] }), Throws.ArgumentException.With.Message.Contains("SplitRows must add up to the rows of parameter 'w', 6, or be one number that divides them. Actual value was [4]."));
        Assert.That(() => new Muon([matrix], new() { SplitRows = [4, 4] }), Throws.ArgumentException.With.Message.Contains("Actual value was [4, 4]."));
        Assert.That(() => new MuonOptions { SplitRows = [] }, Throws.ArgumentException.With.Message.Contains("SplitRows must hold numbers of rows, each at least 1."));
        Assert.That(() => new MuonOptions { Momentum = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Momentum must be in [0, 1)."));
        Assert.That(() => new MuonOptions { NewtonSchulz = null! }, Throws.ArgumentNullException);
        using var muon = new Muon([matrix]);
        Assert.That(() => muon.AddGroup([vector], new MuonOptions()), Throws.ArgumentException.With.Message.Contains("'bias'"));
        Assert.That(muon.Groups, Has.Count.EqualTo(1));
    }

    [Test]
    public void DefaultsArePyTorchs()
    {
        var options = new MuonOptions();
        Assert.That((options.LearningRate, options.WeightDecay, options.Momentum, options.Nesterov, options.AdjustLearningRate), Is.EqualTo((1e-3, 0.1, 0.95, true, LearningRateAdjustment.Original)));
        Assert.That((options.NewtonSchulz.Coefficients, options.NewtonSchulz.Steps ?? options.NewtonSchulz.Coefficients.DefaultSteps, options.NewtonSchulz.Epsilon), Is.EqualTo((NewtonSchulzCoefficients.Muon, 5, 1e-7)));
    }
}
