using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>NaN, infinities and subnormals do what PyTorch's arithmetic makes of them, and only where they are.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class SpecialValueTests(TestDevice testDevice)
{
    private const int Length = 37;

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void NaNStaysWhereItIs([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.Maximizing))] OptimizerVariant variant, [Range(0, Length - 1, 6)] int place)
    {
        using var model = new RandomModel<float>(_device, [Length]);
        using var clean = new RandomModel<float>(_device, [Length]);
        using var optimizer = variant.Create(model.Parameters);
        using var expected = variant.Create(clean.Parameters);
        for (var t = 0; t < 3; t++)
        {
            model.NextGradients();
            clean.NextGradients();
            if (t == 1)
                model.Parameters[0].Gradient.CopyFrom([float.NaN], place);
            optimizer.Step();
            expected.Step();
        }
        var data = model.Data()[0];
        var without = clean.Data()[0];
        Assert.That(data[place], Is.NaN);
        data[place] = without[place];
        Bits.AreEqual<float>(data, without, "beside NaN");
    }

    /// <summary>inf - inf in the second lerp: the average that was infinite is NaN a step later.</summary>
    [Test]
    public void AnInfiniteGradientInAdamW()
    {
        using var model = new RandomModel<float>(_device, [Length]);
        using var adam = new AdamW(model.Parameters);
        model.NextGradients();
        model.Parameters[0].Gradient.CopyFrom([float.PositiveInfinity, float.NegativeInfinity], 1);
        adam.Step();
        var state = adam.StateDictionary()["p0"];
        Assert.That(state["exp_avg"].Values<float>()[1..3].ToArray(), Is.EqualTo(new[] { float.PositiveInfinity, float.NegativeInfinity }));
        Assert.That(state["exp_avg_sq"].Values<float>()[1..3].ToArray(), Is.EqualTo(new[] { float.PositiveInfinity, float.PositiveInfinity }));
        Assert.That(model.Data()[0][1..3], Is.All.NaN);

        model.NextGradients();
        adam.Step();
        state = adam.StateDictionary()["p0"];
        Assert.That(state["exp_avg"].Values<float>()[1..3].ToArray(), Is.All.NaN);
        Assert.That(state["exp_avg_sq"].Values<float>()[1..3].ToArray(), Is.All.EqualTo(float.PositiveInfinity));
        Assert.That(model.Data()[0].Count(float.IsNaN), Is.EqualTo(2));
    }

    [Test]
    public void AMaximumOfSquaresRemembersNaN()
    {
        using var model = new RandomModel<float>(_device, [Length]);
        using var adam = new Adam(model.Parameters, new() { Amsgrad = true });
        model.NextGradients();
        model.Parameters[0].Gradient.CopyFrom([float.NaN], 20);
        adam.Step();
        Assert.That(adam.StateDictionary()["p0"]["max_exp_avg_sq"].Values<float>()[20], Is.NaN);
    }

    [Test]
    public void SubnormalsAreNotFlushed()
    {
        float[] data = [.. Enumerable.Range(0, Length).Select(i => i * float.Epsilon)];
        var parameter = _device.CreateParameter<float>("p", [Length], data);
        parameter.Gradient.CopyFrom([.. Enumerable.Repeat(2 * float.Epsilon, Length)]);
        using var sgd = new Sgd([parameter], new() { LearningRate = 0.5 });
        sgd.Step();
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(Enumerable.Range(0, Length).Select(i => (i - 1) * float.Epsilon)));
    }

    [Test]
    public void Float16Overflows()
    {
        var parameter = _device.CreateParameter<Half>("p", [Length], [.. Enumerable.Repeat(Half.MaxValue, Length)]);
        parameter.Gradient.CopyFrom([.. Enumerable.Repeat((Half)(-100f), Length)]);
        using var sgd = new Sgd([parameter], new() { LearningRate = 1 });
        sgd.Step();
        Assert.That(parameter.Data.ToArray(), Is.All.EqualTo(Half.PositiveInfinity));
    }
}
