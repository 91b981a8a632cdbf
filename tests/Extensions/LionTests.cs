using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Extensions;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class LionTests(TestDevice testDevice)
{
    /// <summary>Against the published algorithm in plain double precision.</summary>
    [Test]
    public void FollowsThePaper()
    {
        const double LearningRate = 1e-2, Beta1 = 0.9, Beta2 = 0.99, Decay = 0.1;
        using var device = testDevice.Open();
        using var model = new RandomModel<float>(device, [37]);
        using var lion = new Lion(model.Parameters, new() { LearningRate = LearningRate, Beta1 = Beta1, Beta2 = Beta2, WeightDecay = Decay });
        var parameter = model.Parameters[0];
        var p = parameter.Data.ToArray().Select(value => (double)value).ToArray();
        var m = new double[p.Length];
        for (var t = 0; t < 50; t++)
        {
            model.NextGradients();
            var g = parameter.Gradient.ToArray();
            for (var i = 0; i < p.Length; i++)
            {
                p[i] -= LearningRate * (Math.Sign(Beta1 * m[i] + (1 - Beta1) * g[i]) + Decay * p[i]);
                m[i] = Beta2 * m[i] + (1 - Beta2) * g[i];
            }
            lion.Step();
        }
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(p).Within(1e-5));
        Assert.That(lion.StateDictionary()["p0"].Names, Is.EqualTo(new[] { "step", "exp_avg" }));
    }

    [Test]
    public void ItsOptionsAreChecked() =>
        Assert.That(() => new LionOptions { Beta1 = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Beta1 must be in [0, 1).").And.Message.Contains("Actual value was 1."));
}
