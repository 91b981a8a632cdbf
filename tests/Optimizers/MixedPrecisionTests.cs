using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// 16-bit parameters computed in float: each step is the float step, from the parameter and the state widened to the results rounded once. The
/// float optimizer, held to PyTorch elsewhere, on one scalar lane is the reference.
/// </summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class MixedPrecisionTests(TestDevice testDevice)
{
    [Test]
    public void BFloat16EqualsTheFloatStepRoundedOnce([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<BFloat16>(variant, StatePrecision.Float32, ComputePrecision.SameAsState);

    [Test]
    public void Float16EqualsTheFloatStepRoundedOnce([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<Half>(variant, StatePrecision.Float32, ComputePrecision.SameAsState);

    [Test]
    public void BFloat16ComputedInFloatIsRoundedWhenItIsStored([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<BFloat16>(variant, StatePrecision.SameAsParameter, ComputePrecision.Float32);

    [Test]
    public void Float16ComputedInFloatIsRoundedWhenItIsStored([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<Half>(variant, StatePrecision.SameAsParameter, ComputePrecision.Float32);

    /// <summary>Lengths around vectors and pairs of them: nothing of the neighbours is touched.</summary>
    [Test]
    public void EveryLengthIsComputedInFloat([Range(0, 70)] int length)
    {
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        using var model = new RandomModel<BFloat16>(device, [length, 7]);
        using var same = new RandomModel<BFloat16>(scalar, [length, 7]);
        using var optimizer = new AdamW(model.Parameters, new() { ComputePrecision = ComputePrecision.Float32 });
        using var expected = new AdamW(same.Parameters, new() { ComputePrecision = ComputePrecision.Float32 });
        for (var t = 0; t < 3; t++)
        {
            model.NextGradients();
            same.NextGradients();
            optimizer.Step();
            expected.Step();
        }
        StepTests.AssertSame(model.Data(), same.Data());
    }

    [Test]
    public void ComputePrecisionMayChangeBetweenSteps()
    {
        using var device = testDevice.Open();
        using var model = new RandomModel<BFloat16>(device, [131]);
        using var same = new RandomModel<BFloat16>(device, [131]);
        using var optimizer = new AdamW(model.Parameters);
        using var expected = new AdamW(same.Parameters);
        Step();
        StepTests.AssertSame(model.Data(), same.Data());
        optimizer.Groups[0].Options = optimizer.Groups[0].Options with { ComputePrecision = ComputePrecision.Float32 };
        for (var t = 0; t < 10; t++)
            Step();
        Assert.That(model.Data(), Is.Not.EqualTo(same.Data()));

        void Step()
        {
            model.NextGradients();
            same.NextGradients();
            optimizer.Step();
            expected.Step();
        }
    }

    [Test]
    public void FloatParametersAreTheSameEitherWay()
    {
        using var device = testDevice.Open();
        using var model = new RandomModel<float>(device, [50]);
        using var same = new RandomModel<float>(device, [50]);
        using var optimizer = new AdamW(model.Parameters, new() { StatePrecision = StatePrecision.Float32 });
        using var expected = new AdamW(same.Parameters);
        model.NextGradients();
        same.NextGradients();
        optimizer.Step();
        expected.Step();
        StepTests.AssertSame(model.Data(), same.Data());
    }

    private void Verify<T>(OptimizerVariant variant, StatePrecision state, ComputePrecision compute) where T : unmanaged
    {
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        using var model = new RandomModel<T>(device, [131]);
        var parameter = model.Parameters[0];
        var reference = scalar.CreateParameter("p0", [131], Widen(parameter.Data));
        using var optimizer = variant.Create(model.Parameters, precision: state, compute: compute);
        using var expected = variant.Create([reference]);
        for (var t = 0; t < 20; t++)
        {
            model.NextGradients();
            reference.Gradient.CopyFrom(Widen(parameter.Gradient));
            optimizer.Step();
            expected.Step();
            var rounded = reference.Data.ToArray().Select(Bits.FromFloat<T>).ToArray();
            Bits.AreEqual<T>(parameter.Data.ToArray(), rounded, $"after step {t + 1}");
            reference.Data.CopyFrom(Widen(parameter.Data));
            if (expected.StateDictionary() is var next && next.Parameters.TryGetValue("p0", out var own))
                expected.Load(next with { Parameters = new Dictionary<string, ParameterState> { ["p0"] = Stored(own, optimizer.StateDictionary()["p0"]) } });
        }

        // The reference goes on from its state as it is stored here, which must be the nearest of the state's type.
        ParameterState Stored(ParameterState own, ParameterState stored)
        {
            var tensors = new Dictionary<string, StateTensor>();
            foreach (var (name, tensor) in own.Tensors)
            {
                var floats = tensor.Values<float>().ToArray();
                if (state == StatePrecision.Float32)
                {
                    Bits.AreEqual(stored[name].Values<float>(), floats, name);
                }
                else
                {
                    var rounded = floats.Select(Bits.FromFloat<T>).ToArray();
                    Bits.AreEqual<T>(stored[name].Values<T>(), rounded, name);
                    floats = [.. rounded.Select(Bits.ToFloat)];
                }
                tensors[name] = StateTensor.Create<float>([.. tensor.Shape], floats);
            }
            return own with { Tensors = tensors };
        }
    }

    private static float[] Widen<T>(DeviceBuffer<T> buffer) where T : unmanaged => [.. buffer.ToArray().Select(Bits.ToFloat)];
}
