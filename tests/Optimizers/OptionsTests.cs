using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

/// <summary>PyTorch's defaults, and the message of every option out of range.</summary>
public sealed class OptionsTests
{
    [Test]
    public void DefaultsArePyTorchs()
    {
        SgdOptions sgd = new();
        RmsPropOptions rmsProp = new();
        AdamOptions adam = new();
        AdamWOptions adamW = new();
        Assert.That((sgd.LearningRate, sgd.Momentum, sgd.Dampening, sgd.WeightDecay, sgd.Nesterov, sgd.Maximize), Is.EqualTo((1e-3, 0.0, 0.0, 0.0, false, false)));
        Assert.That((rmsProp.LearningRate, rmsProp.Alpha, rmsProp.Epsilon, rmsProp.WeightDecay, rmsProp.Momentum, rmsProp.Centered, rmsProp.Maximize), Is.EqualTo((1e-2, 0.99, 1e-8, 0.0, 0.0, false, false)));
        Assert.That((adam.LearningRate, adam.Beta1, adam.Beta2, adam.Epsilon, adam.WeightDecay, adam.Amsgrad, adam.Maximize), Is.EqualTo((1e-3, 0.9, 0.999, 1e-8, 0.0, false, false)));
        Assert.That((adamW.LearningRate, adamW.Beta1, adamW.Beta2, adamW.Epsilon, adamW.WeightDecay, adamW.Amsgrad, adamW.Maximize), Is.EqualTo((1e-3, 0.9, 0.999, 1e-8, 1e-2, false, false)));
        NAdamOptions nAdam = new();
        RAdamOptions rAdam = new();
        AdamaxOptions adamax = new();
        AdagradOptions adagrad = new();
        AdadeltaOptions adadelta = new();
        AsgdOptions asgd = new();
        RpropOptions rprop = new();
        Assert.That((nAdam.LearningRate, nAdam.Beta1, nAdam.Beta2, nAdam.Epsilon, nAdam.MomentumDecay), Is.EqualTo((2e-3, 0.9, 0.999, 1e-8, 4e-3)));
        Assert.That((rAdam.LearningRate, rAdam.Beta1, rAdam.Beta2, rAdam.Epsilon), Is.EqualTo((1e-3, 0.9, 0.999, 1e-8)));
        Assert.That((adamax.LearningRate, adamax.Beta1, adamax.Beta2, adamax.Epsilon), Is.EqualTo((2e-3, 0.9, 0.999, 1e-8)));
        Assert.That((adagrad.LearningRate, adagrad.LearningRateDecay, adagrad.InitialAccumulatorValue, adagrad.Epsilon), Is.EqualTo((1e-2, 0.0, 0.0, 1e-10)));
        Assert.That((adadelta.LearningRate, adadelta.Rho, adadelta.Epsilon), Is.EqualTo((1.0, 0.9, 1e-6)));
        Assert.That((asgd.LearningRate, asgd.Lambda, asgd.Alpha, asgd.T0), Is.EqualTo((1e-2, 1e-4, 0.75, 1e6)));
        Assert.That((rprop.LearningRate, rprop.EtaMinus, rprop.EtaPlus, rprop.MinStepSize, rprop.MaxStepSize), Is.EqualTo((1e-2, 0.5, 1.2, 1e-6, 50.0)));
        foreach (var options in (OptimizerOptions[])[nAdam, rAdam, adamax, adagrad, adadelta, asgd, rprop])
            Assert.That((options.WeightDecay, options.WeightDecayMode), Is.EqualTo((0.0, WeightDecayMode.L2)));
        AdafactorOptions adafactor = new();
        Assert.That(
            (adafactor.LearningRate, adafactor.Beta2Decay, adafactor.Epsilon1, adafactor.Epsilon2, adafactor.ClippingThreshold, adafactor.WeightDecay, adafactor.WeightDecayMode),
            Is.EqualTo((1e-2, -0.8, (double?)null, 1e-3, 1.0, 0.0, WeightDecayMode.Decoupled)));
        Assert.That(sgd.StatePrecision, Is.EqualTo(StatePrecision.SameAsParameter));
    }

    private static IEnumerable<TestCaseData> OutOfRange()
    {
        const string NonNegative = "must be finite and at least 0.", Fraction = "must be in [0, 1).";
        TestCaseData Case(string option, double value, Func<double, object> create, string constraint) =>
            new TestCaseData(option, value, create, constraint).SetArgDisplayNames(create(0).GetType().Name, option, $"{value}");

        foreach (var value in new[] { -1e-9, double.NaN, double.PositiveInfinity })
        {
            yield return Case("LearningRate", value, x => new SgdOptions { LearningRate = x }, NonNegative);
            yield return Case("WeightDecay", value, x => new SgdOptions { WeightDecay = x }, NonNegative);
            yield return Case("Momentum", value, x => new SgdOptions { Momentum = x }, NonNegative);
            yield return Case("LearningRate", value, x => new RmsPropOptions { LearningRate = x }, NonNegative);
            yield return Case("Epsilon", value, x => new RmsPropOptions { Epsilon = x }, NonNegative);
            yield return Case("Momentum", value, x => new RmsPropOptions { Momentum = x }, NonNegative);
            yield return Case("Epsilon", value, x => new AdamOptions { Epsilon = x }, NonNegative);
            yield return Case("WeightDecay", value, x => new AdamWOptions { WeightDecay = x }, NonNegative);
            yield return Case("MomentumDecay", value, x => new NAdamOptions { MomentumDecay = x }, NonNegative);
            yield return Case("LearningRateDecay", value, x => new AdagradOptions { LearningRateDecay = x }, NonNegative);
            yield return Case("InitialAccumulatorValue", value, x => new AdagradOptions { InitialAccumulatorValue = x }, NonNegative);
            yield return Case("Lambda", value, x => new AsgdOptions { Lambda = x }, NonNegative);
            yield return Case("T0", value, x => new AsgdOptions { T0 = x }, NonNegative);
            yield return Case("Epsilon2", value, x => new AdafactorOptions { Epsilon2 = x }, NonNegative);
            yield return Case("MaxStepSize", value, x => new RpropOptions { MaxStepSize = x }, NonNegative);
        }
        foreach (var value in new[] { -0.1, 1, double.NaN })
        {
            yield return Case("Alpha", value, x => new RmsPropOptions { Alpha = x }, Fraction);
            yield return Case("Beta1", value, x => new AdamOptions { Beta1 = x }, Fraction);
            yield return Case("Beta2", value, x => new AdamWOptions { Beta2 = x }, Fraction);
            yield return Case("Beta1", value, x => new LionOptions { Beta1 = x }, Fraction);
            yield return Case("Rho", value, x => new AdadeltaOptions { Rho = x }, Fraction);
        }
        yield return Case("Dampening", double.NaN, x => new SgdOptions { Dampening = x }, "must be finite.");
        yield return Case("Beta2Decay", 0.1, x => new AdafactorOptions { Beta2Decay = x }, "must be finite and at most 0.");
        yield return new TestCaseData("ClippingThreshold", 0.9, (double x) => (object)new AdafactorOptions { ClippingThreshold = x }, "must be finite and at least 1.");
        yield return new TestCaseData("Epsilon1", -1, (double x) => (object)new AdafactorOptions { Epsilon1 = x }, NonNegative);
        yield return new TestCaseData("EtaMinus", 1, (double x) => (object)new RpropOptions { EtaMinus = x }, "must be above 0 and below 1.");
        yield return new TestCaseData("EtaPlus", 1, (double x) => (object)new RpropOptions { EtaPlus = x }, "must be finite and above 1.");
    }

    [TestCaseSource(nameof(OutOfRange))]
    public void OutOfRangeIsRefused(string option, double value, Func<double, object> create, string constraint) =>
        Assert.That(() => create(value), Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.StartsWith($"{option} {constraint}")
            .And.Message.EndsWith(FormattableString.Invariant($"Actual value was {value}."))
            .And.Property("ParamName").EqualTo(option));

    [Test]
    public void PrecisionsThatAreNoneAreRefused()
    {
        Assert.That(() => new AdamOptions { ComputePrecision = (ComputePrecision)2 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("ComputePrecision must be one of SameAsState, Float32."));
        Assert.That(() => new AdamOptions { StatePrecision = (StatePrecision)5 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("StatePrecision must be one of SameAsParameter, Float32, BFloat16, Float16, Blockwise8."));
    }

    [Test]
    public void StepSizesHaveARange()
    {
        using var device = new SimdDevice();
        using var parameter = device.CreateParameter("p", [1]);
        Assert.That(() => new Rprop([parameter], new() { MinStepSize = 2, MaxStepSize = 1 }), Throws.ArgumentException.With.Message.Contains("MaxStepSize must be at least MinStepSize, 2. Actual value was 1."));
    }

    [Test]
    public void NesterovNeedsMomentumWithoutDampening([Values(0, 0.9)] double momentum)
    {
        using var device = new SimdDevice();
        using var parameter = device.CreateParameter("p", [1]);
        var options = new SgdOptions { Nesterov = true, Momentum = momentum, Dampening = momentum == 0 ? 0 : 0.5 };
        Assert.That(() => new Sgd([parameter], options), Throws.ArgumentException.With.Message.Contains("Nesterov must come with Momentum above 0 and Dampening 0."));
    }

    [Test]
    public void OptionsChangeBetweenStepsAndAreChecked()
    {
        using var device = new SimdDevice();
        using var parameter = device.CreateParameter("p", [1]);
        using var sgd = new Sgd([parameter], new() { LearningRate = 1 });
        var group = sgd.Groups[0];
        parameter.Gradient.CopyFrom([1]);

        sgd.Step();
        group.LearningRate = 0.25;
        sgd.Step();
        group.Options = group.Options with { Maximize = true };
        sgd.Step();

        Assert.That(parameter.Data.Span[0], Is.EqualTo(-1f));
        Assert.That(() => group.LearningRate = -1, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("LearningRate must be finite and at least 0."));
        Assert.That(() => group.Options = group.Options with { Nesterov = true }, Throws.ArgumentException.With.Message.Contains("Nesterov must come with Momentum"));
        Assert.That(() => group.Options = group.Options with { StatePrecision = StatePrecision.Float32 }, Throws.ArgumentException.With.Message.Contains("StatePrecision must stay SameAsParameter for the life of a group. Actual value was Float32."));
        Assert.That(() => group.Options = null!, Throws.ArgumentNullException);
        Assert.That(group.Options, Is.EqualTo(new SgdOptions { LearningRate = 0.25, Maximize = true }));
    }

    /// <summary>State that has few bits where cuts leave blocks whole, and is float where they do not, stays what it is.</summary>
    [TestCase(32, 16, 64)]
    [TestCase(16, 32, 8)]
    public void CutsThatWouldRetypeStateAreRefused(int rows, int others, int alike)
    {
        using var device = new SimdDevice(threads: 1);
        using Parameter<float> parameter = device.CreateParameter("p", [128, 24]), same = device.CreateParameter("p", [128, 24]);
        var options = new MuonOptions { StatePrecision = StatePrecision.Blockwise8, FullPrecisionBelow = 0, SplitRows = [rows] };
        using Muon muon = new([parameter], options), other = new([same], options with { SplitRows = [others] });
        muon.Step();
        other.Step();
        var group = muon.Groups[0];
        Assert.That(() => group.Options = group.Options with { SplitRows = [others] }, Throws.ArgumentException.With.Message.Contains("SplitRows must leave state of parameter 'p'").And.Message.Contains($"Actual value was [{others}]"));
        Assert.That(() => muon.Load(other.StateDictionary()), Throws.ArgumentException.With.Message.Contains("SplitRows must leave state of parameter 'p'"));
        Assert.That(group.Options.SplitRows, Is.EqualTo([rows]));
        group.Options = group.Options with { SplitRows = [alike] };
        Assert.That(muon.Step, Throws.Nothing);
    }
}
