using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Extensions;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class SignumTests(TestDevice testDevice)
{
    /// <summary>Against the published algorithm in plain double precision.</summary>
    [Test]
    public void FollowsThePaper()
    {
        const double LearningRate = 1e-2, Beta = 0.9, Decay = 0.1;
        using var device = testDevice.Open();
        using var model = new RandomModel<float>(device, [37]);
        using var signum = new Signum(model.Parameters, new() { LearningRate = LearningRate, Beta = Beta, WeightDecay = Decay });
        var parameter = model.Parameters[0];
        var p = parameter.Data.ToArray().Select(value => (double)value).ToArray();
        var m = new double[p.Length];
        for (var t = 0; t < 50; t++)
        {
            model.NextGradients();
            var g = parameter.Gradient.ToArray();
            for (var i = 0; i < p.Length; i++)
            {
                m[i] = Beta * m[i] + (1 - Beta) * g[i];
                p[i] -= LearningRate * (Math.Sign(m[i]) + Decay * p[i]);
            }
            signum.Step();
        }
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(p).Within(1e-5));
        Assert.That(signum.StateDictionary()["p0"].Names, Is.EqualTo(new[] { "step", "momentum_buffer" }));
    }

    [Test]
    public void ItsOptionsAreChecked() =>
        Assert.That(() => new SignumOptions { Beta = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Beta must be in [0, 1).").And.Message.Contains("Actual value was 1."));
}
