using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What state and parameters in fewer bits mean to a run.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class LowPrecisionTrainingTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>The engine sees bfloat16, the optimizer float32, and none of its bits is lost.</summary>
    [TestCase(ParameterRounding.MasterRemainder)]
    [TestCase(ParameterRounding.Master)]
    public void AMasterIsFloatTrainingRoundedOnce(ParameterRounding rounding)
    {
        const int Steps = 1000, Count = 67;
        var options = new AdamWOptions { LearningRate = 1e-3, WeightDecay = 0.1, StatePrecision = StatePrecision.Float32, ParameterRounding = rounding };
        using var model = new RandomModel<BFloat16>(_device, [Count]);
        using var parameter = _device.CreateParameter("p0", [Count], Widened(model.Parameters[0].Data.ToArray()));
        using var optimizer = new AdamW(model.Parameters, options);
        using var reference = new AdamW([parameter], options with { StatePrecision = StatePrecision.SameAsParameter });
        for (var t = 0; t < Steps; t++)
        {
            model.NextGradients();
            parameter.Gradient.CopyFrom(Widened(model.Parameters[0].Gradient.ToArray()));
            optimizer.Step();
            reference.Step();
        }
        var expected = parameter.Data.ToArray();
        var (rounded, state) = (model.Parameters[0].Data.ToArray(), optimizer.StateDictionary()["p0"]);
        if (rounding == ParameterRounding.Master)
        {
            Bits.AreEqual(state["master"].Values<float>(), expected, "master");
            Bits.AreEqual<BFloat16>(rounded, expected.Select(value => (BFloat16)value).ToArray(), "parameter");
            return;
        }
        var remainder = state["remainder"].Values<ushort>();
        for (var i = 0; i < expected.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(expected[i]);
            Assert.That(remainder[i], Is.EqualTo((ushort)bits), $"remainder {i}");
            Assert.That(rounded[i].Bits, Is.EqualTo((ushort)((bits + 0x8000) >> 16)), $"parameter {i}");
        }
        foreach (var name in new[] { "exp_avg", "exp_avg_sq" })
            Bits.AreEqual(state[name].Values<float>(), reference.StateDictionary()["p0"][name].Values<float>(), name);
    }

    /// <summary>Steps of a hundredth of a place: lost by rounding to the nearest, kept by all others.</summary>
    [Test]
    public void SmallStepsAddUp([Values] ParameterRounding rounding)
    {
        const int Count = 256, Steps = 64;
        using var parameter = _device.CreateParameter("p", [Count], Enumerable.Repeat((BFloat16)1f, Count).ToArray());
        using var optimizer = new Sgd([parameter], new() { LearningRate = 1, ParameterRounding = rounding });
        parameter.Gradient.CopyFrom(Enumerable.Repeat((BFloat16)(1f / 8192), Count).ToArray());
        for (var t = 0; t < Steps; t++)
            optimizer.Step();
        // 64 / 8192 is a 128th: two places below 1.
        var mean = parameter.Data.ToArray().Average(value => (double)(float)value);
        Assert.That(mean, rounding switch
        {
            ParameterRounding.Nearest => Is.EqualTo(1),
            // The mean of 256 walks: a deviation is below 1e-4.
            ParameterRounding.Stochastic => Is.EqualTo(1 - 1.0 / 128).Within(1e-3),
            _ => Is.EqualTo(1 - 1.0 / 128).Within(1e-5),
        });
    }

    [Test]
    public void ANumberThatIsNotFinitePoisonsItsBlock([Values(float.NaN, float.PositiveInfinity)] float poison, [Values(StatePrecision.Blockwise8, StatePrecision.Float16)] StatePrecision precision)
    {
        using var model = new RandomModel<float>(_device, [1000]);
        using var optimizer = new AdamW(model.Parameters, new() { StatePrecision = precision, FullPrecisionBelow = 0 });
        var parameter = model.Parameters[0];
        model.NextGradients();
        optimizer.Step();
        var gradient = parameter.Gradient.ToArray();
        gradient[300] = poison;
        parameter.Gradient.CopyFrom(gradient);
        optimizer.Step();
        var after = parameter.Data.ToArray();
        // In float, too, it is this one that is lost; of the others it is only the next step that meets the block's state.
        Assert.That(after.Select((value, i) => float.IsFinite(value) ? -1 : i).Where(i => i >= 0), Is.EqualTo([300]));
        model.NextGradients();
        optimizer.Step();
        after = parameter.Data.ToArray();
        for (var i = 0; i < after.Length; i++)
            Assert.That(float.IsFinite(after[i]), Is.EqualTo(i is < 256 or >= 512), $"element {i}");
    }

    /// <summary>Beside an element whose gradients are a thousand times as large, and whether they come always or now and then.</summary>
    [Test]
    public void SmallGradientsBesideLargeOnesMakeNoLargeSteps([Values] StateRounding rounding, [Values(1, 10)] int every)
    {
        using var parameter = _device.CreateParameter<float>("w", [256], new float[256]);
        using var adam = new AdamW([parameter], new() { LearningRate = 1, WeightDecay = 0, StatePrecision = StatePrecision.Blockwise8, StateRounding = rounding, FullPrecisionBelow = 0, RoundingSeed = 1 });
        var before = new float[256];
        for (var step = 0; step < 60; step++)
        {
            float[] gradients = [.. Enumerable.Range(0, 256).Select(i => i == 0 ? 1000f : step % every == 0 ? 1f : 0)];
            parameter.Gradient.CopyFrom(gradients);
            adam.Step();
            var after = parameter.Data.ToArray();
            Assert.That(after.Zip(before, (a, b) => Math.Abs(a - b)), Is.All.LessThan(4), $"step {step}");
            before = after;
        }
    }

    [Test]
    public void SmallTensorsKeepFloatState()
    {
        using var model = new RandomModel<float>(_device, [4095, 4096]);
        using var optimizer = new AdamW(model.Parameters, new() { StatePrecision = StatePrecision.Blockwise8 });
        model.NextGradients();
        optimizer.Step();
        var state = optimizer.StateDictionary();
        Assert.That(state["p0"]["exp_avg"].ElementType, Is.EqualTo(ElementType.Float32));
        Assert.That(state["p0"].Tensors.Keys, Is.EqualTo(["exp_avg", "exp_avg_sq"]));
        Assert.That(state["p1"]["exp_avg"].ElementType, Is.EqualTo(ElementType.UInt8));
        Assert.That(state["p1"].Tensors.Keys, Is.EqualTo(["exp_avg", "exp_avg_sq", "exp_avg_scale", "exp_avg_sq_scale"]));
        Assert.That(state["p1"]["exp_avg_scale"].Shape, Is.EqualTo([16L]));
        // Two of 8 bits with sixteen scales each, two of float, and what lies between tensors.
        Assert.That(optimizer.StateBytes, Is.InRange(2 * (4096 + 64) + 2 * 4 * 4095, 2 * (4096 + 64) + 2 * 4 * 4095 + 1024));
    }

    /// <summary>Groups, gradients that are missing, clipping, and a scaler that has steps skipped: as if each group trained alone.</summary>
    [Test]
    public void GroupsOfDifferentPrecisionGoThroughOneRun()
    {
        OptimizerOptions[] options =
        [
            new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, FullPrecisionBelow = 0, ParameterRounding = ParameterRounding.Stochastic },
            new AdamWOptions { StatePrecision = StatePrecision.BFloat16, FullPrecisionBelow = 0, ParameterRounding = ParameterRounding.MasterRemainder },
            new AdamWOptions { LearningRate = 0.01 },
        ];
        using var together = new RandomModel<BFloat16>(_device, [300, 520, 40]);
        using var apart = new RandomModel<BFloat16>(_device, [300, 520, 40]);
        using var optimizer = options[0].CreateOptimizer([together.Parameters[0]]);
        optimizer.AddGroup([together.Parameters[1]], options[1]);
        optimizer.AddGroup([together.Parameters[2]], options[2]);
        optimizer.GradientScaler = new GradientScaler(_device, new() { InitialScale = 8 });
        optimizer.GradientClipping = GradientClipping.ByValue(0.25);
        Optimizer[] alone = [.. options.Select((own, i) => own.CreateOptimizer([apart.Parameters[i]]))];
        for (var t = 0; t < 6; t++)
        {
            together.NextGradients();
            apart.NextGradients();
            together.Parameters[1].HasGradient = t != 2;
            var isSkipped = t == 3;
            var scale = optimizer.GradientScaler.ReadScale();
            for (var i = 0; i < 3; i++)
            {
                // Powers of two scale without rounding.
                var gradient = apart.Parameters[i].Gradient.ToArray();
                together.Parameters[i].Gradient.CopyFrom([.. gradient.Select(value => isSkipped && i == 2 ? (BFloat16)float.PositiveInfinity : (BFloat16)(float)(value * scale))]);
                apart.Parameters[i].Gradient.CopyFrom([.. gradient.Select(value => (BFloat16)Math.Clamp(value, -0.25f, 0.25f))]);
                if (!isSkipped && together.Parameters[i].HasGradient)
                    alone[i].Step();
            }
            optimizer.Step();
        }
        for (var i = 0; i < 3; i++)
        {
            Bits.AreEqual<BFloat16>(together.Parameters[i].Data.ToArray(), apart.Parameters[i].Data.ToArray(), $"parameter {i}");
            var (state, expected) = (optimizer.StateDictionary()[$"p{i}"], alone[i].StateDictionary()[$"p{i}"]);
            foreach (var (name, tensor) in expected.Tensors)
                Assert.That(state[name].Bytes.ToArray(), Is.EqualTo(tensor.Bytes.ToArray()), $"{name} of parameter {i}");
        }
        Array.ForEach(alone, each => each.Dispose());
    }

    [Test]
    public void RandomRoundingsDependOnTheSeedTheNameTheStepAndTheElement()
    {
        var once = Run("p", 1);
        Assert.That(Run("p", 1), Is.EqualTo(once));
        Assert.That(Run("p", 2), Is.Not.EqualTo(once));
        Assert.That(Run("q", 1), Is.Not.EqualTo(once));
        Assert.That(once[..256], Is.Not.EqualTo(once[256..512]));

        BFloat16[] Run(string name, int seed)
        {
            using var parameter = _device.CreateParameter(name, [600], Enumerable.Repeat((BFloat16)1f, 600).ToArray());
            using var optimizer = new Sgd([parameter], new() { LearningRate = 1, ParameterRounding = ParameterRounding.Stochastic, RoundingSeed = seed });
            parameter.Gradient.CopyFrom(Enumerable.Repeat((BFloat16)(1f / 700), 600).ToArray());
            optimizer.Step();
            return parameter.Data.ToArray();
        }
    }

    /// <summary>A scale is of one matrix: where a cut would go through a block, state is float.</summary>
    [Test]
    public void MuonsBlocksAreOfOneMatrix([Values(24, 23)] int columns)
    {
        using var parameter = _device.CreateParameter("p", [96, columns]);
        using var muon = new Muon([parameter], new() { StatePrecision = StatePrecision.Blockwise8, FullPrecisionBelow = 0, SplitRows = [32] });
        parameter.Gradient.CopyFrom([.. Enumerable.Range(0, 96 * columns).Select(i => MathF.Sin(i))]);
        muon.Step();
        Assert.That(muon.StateDictionary()["p"]["momentum_buffer"].ElementType, Is.EqualTo(columns == 24 ? ElementType.UInt8 : ElementType.Float32));
    }

    [Test]
    public void AveragesKeepWhatTheirTypeAllows()
    {
        const int Count = 512;
        using var parameter = _device.CreateParameter("p", [Count], Enumerable.Repeat((BFloat16)1f, Count).ToArray());
        using var nearest = WeightAverage.Exponential([parameter], 0.999);
        using var random = WeightAverage.Exponential([parameter], 0.999, precision: AveragePrecision.StochasticBFloat16);
        using var single = WeightAverage.Exponential([parameter], 0.999, precision: AveragePrecision.Float32);
        WeightAverage[] all = [nearest, random, single];
        Array.ForEach(all, average => average.Update());
        parameter.Data.CopyFrom(Enumerable.Repeat((BFloat16)2f, Count).ToArray());
        for (var i = 0; i < 100; i++)
            Array.ForEach(all, average => average.Update());
        var exact = 2 - Math.Pow(0.999, 100);
        Assert.That(Mean(nearest), Is.EqualTo(1));
        Assert.That(Mean(random), Is.EqualTo(exact).Within(2e-3));
        Assert.That(Mean(single), Is.EqualTo(exact).Within(1e-5));

        // In the parameters' place they are rounded, and come out as they were.
        var (before, own) = (((Parameter<float>)single.Averages[0]).Data.ToArray(), parameter.Data.ToArray());
        single.Swap();
        Bits.AreEqual<BFloat16>(parameter.Data.ToArray(), before.Select(value => (BFloat16)value).ToArray(), "swapped");
        Assert.That(single.Update, Throws.InvalidOperationException.With.Message.Contains("Swap"));
        single.Swap();
        Bits.AreEqual<BFloat16>(parameter.Data.ToArray(), own, "swapped back");
        Bits.AreEqual(((Parameter<float>)single.Averages[0]).Data.ToArray(), before, "average");

        static double Mean(WeightAverage average) => average.Averages[0] is Parameter<float> floats
            ? floats.Data.ToArray().Average(value => (double)value)
            : ((Parameter<BFloat16>)average.Averages[0]).Data.ToArray().Average(value => (double)(float)value);
    }

    [Test]
    public void AveragesOfAnotherTypeFollowSteps([Values(AveragePrecision.Float32, AveragePrecision.StochasticBFloat16)] AveragePrecision precision)
    {
        using var model = new RandomModel<BFloat16>(_device, [300, 31]);
        using var same = new RandomModel<BFloat16>(_device, [300, 31]);
        using var optimizer = new AdamW(model.Parameters) { WeightAverage = WeightAverage.Exponential(model.Parameters, 0.9, precision: precision) };
        using var alone = new AdamW(same.Parameters);
        using var average = WeightAverage.Exponential(same.Parameters, 0.9, precision: precision);
        for (var t = 0; t < 4; t++)
        {
            model.NextGradients();
            same.NextGradients();
            optimizer.Step();
            alone.Step();
            average.Update();
        }
        Assert.That(optimizer.WeightAverage.UpdateCount, Is.EqualTo(4));
        foreach (var (actual, expected) in optimizer.WeightAverage.Averages.Zip(average.Averages))
            Assert.That(Bits.Hexadecimal(actual), Is.EqualTo(Bits.Hexadecimal(expected)), actual.Name);
        optimizer.WeightAverage.Dispose();
    }

    [Test]
    public void WhatDoesNotFitIsRefused()
    {
        using var half = _device.CreateParameter<Half>("h", [8]);
        Assert.That(() => new AdamW([half], new() { ParameterRounding = ParameterRounding.Kahan }), Throws.ArgumentException.With.Message.Contains("'h'").And.Message.Contains("Kahan"));
        Assert.That(() => new AdamWOptions { FullPrecisionBelow = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("-1"));
        // A variance of two averages that were rounded would be below zero, and its root NaN.
        using var single = _device.CreateParameter("f", [8]);
        foreach (var precision in new[] { StatePrecision.BFloat16, StatePrecision.Float16, StatePrecision.Blockwise8 })
        {
            Assert.That(
                () => new RmsProp([single], new() { Centered = true, StatePrecision = precision }),
                _device.SupportsEncodings || precision == StatePrecision.BFloat16 ? Throws.ArgumentException.With.Message.Contains($"Centered is true").And.Message.Contains($"{precision}") : Throws.ArgumentException);
        }
        using var parameter = _device.CreateParameter<BFloat16>("p", [8]);
        using var optimizer = new AdamW([parameter], new() { ParameterRounding = ParameterRounding.Kahan });
        var group = optimizer.Groups[0];
        Assert.That(() => group.Options = group.Options with { ParameterRounding = ParameterRounding.Nearest }, Throws.ArgumentException.With.Message.Contains("ParameterRounding must stay Kahan"));
        Assert.That(() => group.Options = group.Options with { FullPrecisionBelow = 7 }, Throws.ArgumentException.With.Message.Contains("FullPrecisionBelow must stay 4096"));
        Assert.That(() => WeightAverage.Exponential([parameter], precision: (AveragePrecision)9), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static float[] Widened(BFloat16[] numbers) => [.. numbers.Select(value => (float)value)];
}
