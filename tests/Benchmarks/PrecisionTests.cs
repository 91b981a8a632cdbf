using GpuOptim.Benchmarks.Precision;
using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Training in fewer bits: what is exact is exact, and the rest is compared as it should be.</summary>
public sealed class PrecisionTests
{
    private static readonly TrainingPlan _plan = TrainingPlan.Quick;

    private static Digits Training => field ??= Digits.Load(Path.Combine(AppContext.BaseDirectory, "data"), "train");

    /// <summary>A master copy, whole or as a remainder, is the float parameter of an optimizer that gets the same gradients; the parameter is that, rounded.</summary>
    [Test]
    public void MastersAreTheParametersOfFloat32([Values] bool isRemainder, [Values] bool isMuon)
    {
        var plan = _plan with { IsMuon = isMuon };
        using var run = new DigitRun(isRemainder ? TrainingMode.Remainder : TrainingMode.Master, plan, seed: 1);
        using var other = new DigitRun(TrainingMode.Mixed, plan, seed: 1);
        var own = run.Tensors.Parameters.Cast<Parameter<BFloat16>>().ToArray();
        var floats = other.Tensors.Parameters.Cast<Parameter<float>>().ToArray();
        var schedule = new CosineAnnealingLR(other.Optimizer, plan.Steps);
        var steps = 0;
        run.Train(Training, () =>
        {
            foreach (var (from, to) in own.Zip(floats))
                to.Gradient.CopyFrom([.. from.Gradient.ToArray().Select(value => (float)value)]);
            other.Optimizer.Step();
            schedule.Step();
            var state = run.Optimizer.StateDictionary();
            foreach (var (parameter, expected) in own.Zip(floats))
            {
                var tensors = state[parameter.Name].Tensors;
                var numbers = parameter.Data.ToArray();
                float[] masters = isRemainder ? [.. numbers.Zip(tensors["remainder"].Values<ushort>().ToArray(), Join)] : tensors["master"].Values<float>().ToArray();
                Assert.That(masters.Select(BitConverter.SingleToUInt32Bits), Is.EqualTo(expected.Data.ToArray().Select(BitConverter.SingleToUInt32Bits)), $"{parameter.Name} after step {steps}");
                Assert.That(numbers.Select(number => number.Bits), Is.EqualTo(masters.Select(value => Round(value, isRemainder))), $"{parameter.Name} after step {steps}");
            }
            steps++;
        });
        Assert.That(steps, Is.EqualTo(plan.Steps));
    }

    /// <summary>A network with master copies is trained to the bits of one in float32 that computes in bfloat16.</summary>
    [Test]
    public void MastersAreMixedPrecision()
    {
        using DigitRun masters = new(TrainingMode.Master, _plan, seed: 2), floats = new(TrainingMode.Mixed, _plan, seed: 2);
        masters.Train(Training);
        floats.Train(Training);
        Assert.That(masters.Losses, Has.Count.EqualTo(_plan.Steps));
        Assert.That(masters.Losses, Is.EqualTo(floats.Losses));
    }

    /// <summary>All modes train, to what does not depend on threads, and none of them comes to nothing.</summary>
    [Test]
    public void AllModesTrain()
    {
        var plan = _plan with { Seeds = [1] };
        var (study, again) = (PrecisionStudy.Run(plan, threads: 2), PrecisionStudy.Run(plan, threads: 1));
        Assert.That(study.Lines(), Is.EqualTo(again.Lines()));
        Assert.That(study.Modes.Select(mode => mode.Name), Is.EqualTo(TrainingMode.All.Select(mode => mode.FullName)).And.Unique);
        foreach (var mode in study.Modes)
            Assert.That(mode.Loss, Is.EqualTo(study.Modes[0].Loss).Within(0.1), mode.Name);
        Assert.That(study.Averages, Has.Count.EqualTo(3));
    }

    [TestCase(1.5, 0.95, "yes")]
    [TestCase(1, 0.94, "yes")]
    [TestCase(2, 0.96, "yes")]
    [TestCase(2.1, 0.95, "loss above")]
    [TestCase(0.9, 0.95, "loss below")]
    [TestCase(2.1, 0.93, "loss above, accuracy below")]
    [TestCase(double.NaN, 0.97, "loss below, accuracy above")]
    public void VerdictsAreComputed(double loss, double accuracy, string verdict) =>
        Assert.That(new Comparison("mode", [new(loss, accuracy)], [new(1, 0.94), new(2, 0.96)]).Verdict, Is.EqualTo(verdict));

    private static float Join(BFloat16 number, ushort remainder) => BitConverter.Int32BitsToSingle((number.Bits << 16) + (short)remainder);

    private static ushort Round(float value, bool isRemainder) => isRemainder ? (ushort)((BitConverter.SingleToUInt32Bits(value) + 0x8000) >> 16) : ((BFloat16)value).Bits;
}
