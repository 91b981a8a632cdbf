using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// 16-bit parameters with float state: each step is the float step, from the parameter widened to the result rounded once. The float
/// optimizer, held to PyTorch elsewhere, on one scalar lane is the reference.
/// </summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class MixedPrecisionTests(TestDevice testDevice)
{
    [Test]
    public void BFloat16EqualsTheFloatStepRoundedOnce([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<BFloat16>(variant);

    [Test]
    public void Float16EqualsTheFloatStepRoundedOnce([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant) =>
        Verify<Half>(variant);

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

    private void Verify<T>(OptimizerVariant variant) where T : unmanaged
    {
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        using var model = new RandomModel<T>(device, [131]);
        var parameter = model.Parameters[0];
        var reference = scalar.CreateParameter("p0", [131], Widen(parameter.Data));
        using var optimizer = variant.Create(model.Parameters, precision: StatePrecision.Float32);
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
        }
        if (optimizer.StateDictionary().Parameters.GetValueOrDefault("p0") is { } state)
        {
            foreach (var (name, tensor) in state.Tensors)
                Bits.AreEqual(tensor.Values<float>(), expected.StateDictionary()["p0"][name].Values<float>(), name);
        }
    }

    private static float[] Widen<T>(DeviceBuffer<T> buffer) where T : unmanaged => [.. buffer.ToArray().Select(Bits.ToFloat)];
}
