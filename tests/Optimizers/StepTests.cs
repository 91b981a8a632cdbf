using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What a step does with many tensors, groups and gradients that come and go.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class StepTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void ThreeGroupsWithDifferentRatesWhileOneParameterMissesEverySecondGradient()
    {
        int[] lengths = [5, 100, 33, 1, 64, 7];
        double[] rates = [0.1, 0.01, 0.001];
        using var together = new RandomModel<float>(_device, lengths);
        using var alone = new RandomModel<float>(_device, lengths);

        using var optimizer = new AdamW(together.Parameters[..2], new() { LearningRate = rates[0] });
        optimizer.AddGroup(together.Parameters[2..4], new() { LearningRate = rates[1], WeightDecay = 0 });
        optimizer.AddGroup(together.Parameters[4..], new() { LearningRate = rates[2], Amsgrad = true });
        var single = alone.Parameters
            .Select((parameter, i) => new AdamW([parameter], new() { LearningRate = rates[i / 2], WeightDecay = i / 2 == 1 ? 0 : 0.01, Amsgrad = i / 2 == 2 }))
            .ToArray();

        for (var t = 0; t < 10; t++)
        {
            together.NextGradients();
            alone.NextGradients();
            together.Parameters[3].HasGradient = t % 2 == 0;
            optimizer.Step();
            for (var i = 0; i < single.Length; i++)
            {
                if (i != 3 || t % 2 == 0)
                    single[i].Step();
            }
            AssertSame(together.Data(), alone.Data());
        }
        Assert.That(together.Parameters.Select(parameter => optimizer.StateDictionary()[parameter.Name].Step), Is.EqualTo(new long[] { 10, 10, 10, 5, 10, 10 }));
        Array.ForEach(single, each => each.Dispose());
    }

    [Test]
    public void ThousandsOfTensorsEqualOneAtATime()
    {
        var random = new Random(5);
        var lengths = Enumerable.Range(0, 3000).Select(_ => random.Next(0, 70)).ToArray();
        using var together = new RandomModel<float>(_device, lengths);
        using var alone = new RandomModel<float>(_device, lengths);
        using var optimizer = new RmsProp(together.Parameters, new() { Momentum = 0.9 });
        var single = alone.Parameters.Select(parameter => new RmsProp([parameter], new() { Momentum = 0.9 })).ToArray();
        for (var t = 0; t < 3; t++)
        {
            together.NextGradients();
            alone.NextGradients();
            optimizer.Step();
            Array.ForEach(single, each => each.Step());
        }
        AssertSame(together.Data(), alone.Data());
        Array.ForEach(single, each => each.Dispose());
    }

    /// <summary>Long enough for many chunks, and not a multiple of any of them.</summary>
    [Test]
    public void AHugeTensorEqualsItsParts()
    {
        const int Length = 1_000_003;
        using var whole = new RandomModel<float>(_device, [Length]);
        using var reference = new SimdDevice(threads: 1, vectorBits: 32);
        using var parts = new RandomModel<float>(reference, [Length]);
        using var optimizer = new AdamW(whole.Parameters);
        using var expected = new AdamW(parts.Parameters);
        for (var t = 0; t < 2; t++)
        {
            whole.NextGradients();
            parts.NextGradients();
            optimizer.Step();
            expected.Step();
        }
        AssertSame(whole.Data(), parts.Data());
    }

    [Test]
    public void EveryLengthUpToTwoVectorsAndMore()
    {
        using var model = new RandomModel<float>(_device, [.. Enumerable.Range(0, 70)]);
        using var reference = new SimdDevice(threads: 1, vectorBits: 32);
        using var scalar = new RandomModel<float>(reference, [.. Enumerable.Range(0, 70)]);
        using var optimizer = new Adam(model.Parameters, new() { Amsgrad = true });
        using var expected = new Adam(scalar.Parameters, new() { Amsgrad = true });
        for (var t = 0; t < 3; t++)
        {
            model.NextGradients();
            scalar.NextGradients();
            optimizer.Step();
            expected.Step();
        }
        AssertSame(model.Data(), scalar.Data());
    }

    [Test]
    public void NothingBesideATensorIsTouched()
    {
        for (var length = 1; length < 40; length++)
        {
            using var memory = _device.CreateBuffer<float>([.. Enumerable.Repeat(7f, length + 2)]);
            using var parameter = new Parameter<float>("p", [length], memory.Slice(1, length));
            parameter.Gradient.CopyFrom([.. Enumerable.Repeat(1f, length)]);
            using var sgd = new Sgd([parameter], new() { LearningRate = 1 });
            sgd.Step();
            Assert.That(memory.ToArray(), Is.EqualTo(Enumerable.Repeat(6f, length).Prepend(7f).Append(7f)));
        }
    }

    [Test]
    public void AnEmptyTensorCountsItsSteps()
    {
        var parameter = _device.CreateParameter("p", [0, 4]);
        using var adam = new Adam([parameter]);
        adam.Step();
        adam.Step();
        Assert.That(adam.StateDictionary()["p"].Step, Is.EqualTo(2));
        Assert.That(adam.StateDictionary()["p"]["exp_avg"].Shape, Is.EqualTo(new long[] { 0, 4 }));
    }

    [Test]
    public void WithoutAnyGradientNothingHappens()
    {
        using var model = new RandomModel<float>(_device, [10, 20]);
        var before = model.Data();
        using var adam = new AdamW(model.Parameters);
        foreach (var parameter in model.Parameters)
            parameter.HasGradient = false;
        adam.Step();
        AssertSame(model.Data(), before);
        Assert.That(adam.StateDictionary().Parameters, Is.Empty);
    }

    [Test]
    public void ElementTypesMix()
    {
        Parameter[] parameters =
        [
            _device.CreateParameter<float>("single", [3], [1f, 2f, 3f]),
            _device.CreateParameter<BFloat16>("brain", [3], [(BFloat16)1f, (BFloat16)2f, (BFloat16)3f]),
            _device.CreateParameter<Half>("half", [3], [(Half)1f, (Half)2f, (Half)3f]),
        ];
        ((Parameter<float>)parameters[0]).Gradient.CopyFrom([1f, 1f, 1f]);
        ((Parameter<BFloat16>)parameters[1]).Gradient.CopyFrom([(BFloat16)1f, (BFloat16)1f, (BFloat16)1f]);
        ((Parameter<Half>)parameters[2]).Gradient.CopyFrom([(Half)1f, (Half)1f, (Half)1f]);
        using var sgd = new Sgd(parameters, new() { LearningRate = 0.5, Momentum = 0.5 });
        sgd.Step();
        sgd.Step();
        float[] expected = [-0.25f, 0.75f, 1.75f];
        Assert.That(((Parameter<float>)parameters[0]).Data.ToArray(), Is.EqualTo(expected));
        Assert.That(((Parameter<BFloat16>)parameters[1]).Data.ToArray().Select(value => (float)value), Is.EqualTo(expected));
        Assert.That(((Parameter<Half>)parameters[2]).Data.ToArray().Select(value => (float)value), Is.EqualTo(expected));
    }

    [Test]
    public void AGroupAddedLaterStartsAtItsOwnFirstStep()
    {
        using var model = new RandomModel<float>(_device, [40, 50]);
        using var alone = new RandomModel<float>(_device, [40, 50]);
        using var optimizer = new Adam([model.Parameters[0]]);
        using var first = new Adam([alone.Parameters[0]]);
        using var second = new Adam([alone.Parameters[1]], new() { LearningRate = 0.1 });
        for (var t = 0; t < 6; t++)
        {
            model.NextGradients();
            alone.NextGradients();
            if (t == 3)
                optimizer.AddGroup([model.Parameters[1]], new() { LearningRate = 0.1 });
            optimizer.Step();
            first.Step();
            if (t >= 3)
                second.Step();
        }
        AssertSame(model.Data(), alone.Data());
    }

    [Test]
    public void MomentumSwitchedOnLaterStartsFromTheGradient()
    {
        var parameter = _device.CreateParameter("p", [1]);
        using var sgd = new Sgd([parameter], new() { LearningRate = 1 });
        parameter.Gradient.CopyFrom([1f]);
        sgd.Step();
        sgd.Groups[0].Options = sgd.Groups[0].Options with { Momentum = 0.5, Dampening = 0.5 };
        sgd.Step();
        sgd.Step();
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new[] { -1f - 1f - (0.5f + 0.5f) }));
        Assert.That(sgd.StateDictionary()["p"]["momentum_buffer"].Values<float>().ToArray(), Is.EqualTo(new[] { 1f }));
    }

    [Test]
    public void GradientsMayLieElsewhereEveryStep()
    {
        var parameter = _device.CreateParameter("p", [2]);
        using var sgd = new Sgd([parameter], new() { LearningRate = 1 });
        for (var t = 1; t <= 3; t++)
        {
            parameter.Gradient = _device.CreateBuffer<float>([t, -t]);
            sgd.Step();
        }
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new float[] { -6, 6 }));
    }

    [Test]
    public void ZeroGradientsZeroesThem()
    {
        using var model = new RandomModel<float>(_device, [5, 0, 70_000]);
        using var sgd = new Sgd(model.Parameters);
        model.NextGradients();
        model.Parameters[0].HasGradient = false;
        sgd.ZeroGradients();
        Assert.That(model.Parameters.SelectMany(parameter => parameter.Gradient.ToArray()), Has.All.EqualTo(0f));
        Assert.That(model.Parameters[0].HasGradient, Is.False);
    }

    internal static void AssertSame<T>(T[][] actual, T[][] expected) where T : unmanaged
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        for (var i = 0; i < actual.Length; i++)
            Bits.AreEqual<T>(actual[i], expected[i], $"p{i}");
    }
}
