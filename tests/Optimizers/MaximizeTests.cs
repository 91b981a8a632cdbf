using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

public sealed class MaximizeTests
{
    [Test]
    public void MaximizingTheNegatedGradientIsMinimizing([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.WholeTensorsAndOnTheCpu))] OptimizerVariant variant) => PropertyTests.Check(
        from lengths in PropertyTests.Lengths from seed in PropertyTests.Seeds select (lengths, seed),
        sample =>
        {
            using var device = new SimdDevice();
            using var model = new RandomModel<float>(device, sample.lengths, sample.seed);
            using var negated = new RandomModel<float>(device, sample.lengths, sample.seed);
            using var minimizing = variant.Create(model.Parameters);
            using var maximizing = variant.Create(negated.Parameters, maximize: true);
            for (var t = 0; t < 4; t++)
            {
                model.NextGradients();
                negated.NextGradients();
                foreach (var parameter in negated.Parameters)
                    parameter.Gradient.CopyFrom([.. parameter.Gradient.ToArray().Select(value => -value)]);
                minimizing.Step();
                maximizing.Step();
            }
            StepTests.AssertSame(negated.Data(), model.Data());
        });
}
