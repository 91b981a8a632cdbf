using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>A step with an infinite gradient, of which the host learns only later, is as if it had not been: parameters, state and step count.</summary>
internal static class SkippedStep
{
    public static void LeavesEverything(Device device, long[][] shapes, Func<IEnumerable<Parameter>, Optimizer> create)
    {
        using var model = new MatrixModel(device, shapes);
        using var plain = new MatrixModel(device, shapes);
        using var scaler = new GradientScaler(device, new() { InitialScale = 1, GrowthInterval = 1000 });
        using var optimizer = create(model.Parameters);
        using var expected = create(plain.Parameters);
        (optimizer.GradientScaler, optimizer.GradientClipping, expected.GradientClipping) = (scaler, GradientClipping.ByNorm(0.5), GradientClipping.ByNorm(0.5));
        for (var t = 0; t < 4; t++)
        {
            model.NextGradients();
            plain.NextGradients();
            if (t == 2)
                model.Parameters[1].Gradient.CopyFrom([.. model.Parameters[1].Gradient.ToArray().Select((g, i) => i == 7 ? float.PositiveInfinity : g)]);
            // What is scaled by half afterwards.
            else if (t == 3)
                model.Parameters.ToList().ForEach(parameter => parameter.Gradient.CopyFrom([.. parameter.Gradient.ToArray().Select(g => g / 2)]));
            optimizer.Step();
            if (t != 2)
                expected.Step();
        }
        StepTests.AssertSame(model.Data(), plain.Data());
        Assert.That(StateSnapshot.Of(optimizer.StateDictionary()), Is.EqualTo(StateSnapshot.Of(expected.StateDictionary())));
    }
}
