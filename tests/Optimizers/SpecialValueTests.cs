using GpuOptim.Host;
using GpuOptim.Kernels.Rules;
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

    /// <summary>A NaN whose bits are all ones, as in memory that nobody wrote, is next to zero for a rounding that only adds. It comes directly, and through a norm.</summary>
    [Test]
    public void NaNOfAnyBitsStaysNaNIn16Bits(
        [ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.Maximizing))] OptimizerVariant variant,
        [Values(StatePrecision.SameAsParameter, StatePrecision.Float32)] StatePrecision state,
        [Values] ComputePrecision compute,
        [Values] bool isClipped)
    {
        AssertNaN(BitConverter.UInt16BitsToHalf, variant, state, compute, isClipped);
        AssertNaN(bits => new BFloat16(bits), variant, state, compute, isClipped);
    }

    /// <summary>The same of sums of gradients in float, and of state in float.</summary>
    [Test]
    public void FloatNaNOfAnyBitsStaysNaNIn16Bits([Values(StatePrecision.SameAsParameter, StatePrecision.Float32)] StatePrecision state, [Values] ComputePrecision compute, [Values(0xFFFF_FFFFu, 0x7FFF_FFFFu, 0x7FFF_8000u)] uint bits)
    {
        var (stateType, computeType) = (state == StatePrecision.Float32 ? ElementType.Float32 : ElementType.BFloat16, compute == ComputePrecision.Float32 || state == StatePrecision.Float32 ? ElementType.Float32 : ElementType.BFloat16);
        using var parameter = _device.CreateBuffer<BFloat16>(Length);
        using var gradient = _device.CreateBuffer<float>([.. Enumerable.Repeat(BitConverter.UInt32BitsToSingle(bits), Length)]);
        using var average = _device.CreateBuffer(stateType, Length);
        using var squares = _device.CreateBuffer(stateType, Length);
        using var batch = _device.CreateUpdateBatch(ElementType.BFloat16, stateType, [new(parameter.Address, average.Address, squares.Address, 0, Length)]);
        (batch.GradientType, batch.ComputeType) = (ElementType.Float32, computeType);
        batch.Gradients[0] = gradient.Address;
        _device.Update<AdamRule>([new(1, 0.1, 0.9, 0.999, 1e-8, 0, default, amsgrad: false, maximize: false)], batch);
        Assert.That(parameter.ToArray().Select(number => (float)number), Is.All.NaN);
        if (average is DeviceBuffer<BFloat16> narrow)
            Assert.That(narrow.ToArray().Select(number => (float)number), Is.All.NaN);
    }

    /// <summary>To bfloat16 a binary16's NaN has lower bits: on the way to an orthogonalization.</summary>
    [Test]
    public void Float16NaNOfAnyBitsStaysNaNInBFloat16([Values(StatePrecision.SameAsParameter, StatePrecision.Float32)] StatePrecision state, [Values] ComputePrecision compute, [Values(0x7FFF, 0xFFFF, 0x7FFC, 0x7E00)] int bits)
    {
        var nan = BitConverter.UInt16BitsToHalf((ushort)bits);
        using var parameter = _device.CreateParameter<Half>("p", [16, 16]);
        parameter.Gradient.CopyFrom([nan, .. Enumerable.Repeat((Half)0.5f, 255)]);
        using var muon = new Muon([parameter], new() { StatePrecision = state, ComputePrecision = compute });
        muon.Step();
        Assert.That(parameter.Data.ToArray().Select(Bits.ToFloat), Is.All.NaN);

        using var matrix = _device.CreateBuffer<Half>([nan, .. Enumerable.Repeat((Half)0.5f, 255)]);
        _device.Orthogonalize(matrix, matrix, 16, 16);
        Assert.That(matrix.ToArray().Select(Bits.ToFloat), Is.All.NaN);
    }

    private void AssertNaN<T>(Func<ushort, T> fromBits, OptimizerVariant variant, StatePrecision state, ComputePrecision compute, bool isClipped) where T : unmanaged
    {
        using var parameter = _device.CreateParameter<T>("p", [Length]);
        parameter.Gradient.CopyFrom([fromBits(0xFFFF), .. Enumerable.Repeat(fromBits(0x7FFF), Length - 1)]);
        using var optimizer = variant.Create([parameter], precision: state, compute: compute);
        optimizer.GradientClipping = isClipped ? GradientClipping.ByNorm(1) : null;
        optimizer.Step();
        Assert.That(parameter.Data.ToArray().Select(Bits.ToFloat), Is.All.NaN);
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
