using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Fifty steps on random tensors stay within float's rounding of the textbook in double precision.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class ReferenceTests(TestDevice testDevice)
{
    private delegate void Reference(double[] p, double[] g, double[][] state, int t);

    [TestCase(0, 0, false, 0)]
    [TestCase(0, 0, false, 0.01)]
    [TestCase(0.9, 0, false, 0)]
    [TestCase(0.9, 0.2, false, 0.01)]
    [TestCase(0.9, 0, true, 0)]
    [TestCase(0.9, 0, true, 0.01)]
    public void Sgd(double momentum, double dampening, bool nesterov, double decay) => Verify(
        parameters => new Sgd(parameters, new() { LearningRate = 0.05, Momentum = momentum, Dampening = dampening, Nesterov = nesterov, WeightDecay = decay }),
        (p, g, state, t) => ReferenceOptimizer.Sgd(p, g, state[0], t, 0.05, momentum, dampening, decay, nesterov));

    [Test]
    public void RmsProp([Values(0, 0.9)] double momentum, [Values] bool centered) => Verify(
        parameters => new RmsProp(parameters, new() { LearningRate = 1e-3, Momentum = momentum, Centered = centered, Epsilon = 1e-4 }),
        (p, g, state, t) => ReferenceOptimizer.RmsProp(p, g, state[0], state[1], state[2], 1e-3, 0.99, 1e-4, momentum, centered));

    [Test]
    public void Adam([Values] bool amsgrad, [Values(0, 0.01)] double decay) => Verify(
        parameters => new Adam(parameters, new() { LearningRate = 1e-2, Amsgrad = amsgrad, WeightDecay = decay }),
        (p, g, state, t) => ReferenceOptimizer.Adam(p, g, state[0], state[1], state[2], t, 1e-2, 0.9, 0.999, 1e-8, decay, decoupled: false, amsgrad));

    [Test]
    public void AdamW([Values] bool amsgrad, [Values(0.4, 0.9)] double beta1) => Verify(
        parameters => new AdamW(parameters, new() { LearningRate = 1e-2, Amsgrad = amsgrad, Beta1 = beta1, WeightDecay = 0.1 }),
        (p, g, state, t) => ReferenceOptimizer.Adam(p, g, state[0], state[1], state[2], t, 1e-2, beta1, 0.999, 1e-8, 0.1, decoupled: true, amsgrad));

    /// <summary>Without a recording of PyTorch's, which does not have it.</summary>
    [Test]
    public void Lion() => Verify(
        parameters => new Lion(parameters, new() { LearningRate = 1e-2, WeightDecay = 0.1 }),
        (p, g, state, _) => ReferenceOptimizer.Lion(p, g, state[0], 1e-2, 0.9, 0.99, 0.1));

    [TestCase(0, WeightDecayMode.Decoupled)]
    [TestCase(0.1, WeightDecayMode.Decoupled)]
    [TestCase(0.1, WeightDecayMode.Cautious)]
    public void Lamb(double decay, WeightDecayMode mode) => Verify(
        parameters => new Lamb(parameters, new() { LearningRate = 1e-2, WeightDecay = decay, WeightDecayMode = mode }),
        (p, g, state, t) => ReferenceOptimizer.Lamb(p, g, state[0], state[1], t, 1e-2, 0.9, 0.999, 1e-6, decay, mode == WeightDecayMode.Cautious));

    private void Verify(Func<Parameter[], Optimizer> create, Reference reference)
    {
        using var device = testDevice.Open();
        using var model = new RandomModel<float>(device, [137]);
        var parameter = model.Parameters[0];
        using var optimizer = create([parameter]);
        var p = parameter.Data.ToArray().Select(value => (double)value).ToArray();
        double[][] state = [new double[p.Length], new double[p.Length], new double[p.Length]];
        for (var t = 1; t <= 50; t++)
        {
            model.NextGradients();
            optimizer.Step();
            reference(p, [.. parameter.Gradient.ToArray().Select(value => (double)value)], state, t);
        }
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(p).Within(2e-5));
    }
}
