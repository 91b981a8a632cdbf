using GpuOptim.Host;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Numbers that steps leave for the next: what they are when options change, when steps are skipped, and when a run is resumed.</summary>
public sealed class StateScalarTests
{
    private readonly SimdDevice _device = new(threads: 1);

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    /// <summary>The product of the momenta that steps had, not of those that they would have with the last options.</summary>
    [Test]
    public void SurviveAChangeOfOptions()
    {
        var parameter = _device.CreateParameter<float>("p", [3], [1, 2, 3]);
        using var optimizer = new NAdam([parameter], new() { MomentumDecay = 0.5 });
        var product = 1f;
        for (var step = 1; step <= 6; step++)
        {
            var beta1 = step < 4 ? 0.9 : 0.6;
            optimizer.Groups[0].Options = optimizer.Groups[0].Options with { Beta1 = beta1 };
            parameter.HasGradient = true;
            parameter.Gradient.CopyFrom([1, -1, 2]);
            optimizer.Step();
            product *= (float)NAdamRule.Momentum(step, beta1, 0.5);
            Assert.That(Product(optimizer), Is.EqualTo(product), $"after step {step}");
            // A step without a gradient is none.
            parameter.HasGradient = false;
            optimizer.Step();
            Assert.That(Product(optimizer), Is.EqualTo(product));
        }
    }

    /// <summary>A rate that a step was given counts, even if it is known only later that the step was done; a skipped step's does not.</summary>
    [Test]
    public void AreOfTheStepsThatWereDone([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice testDevice)
    {
        using var device = testDevice.Open();
        var parameter = device.CreateParameter<float>("p", [40]);
        using var scaler = new GradientScaler(device, new() { InitialScale = 1, GrowthFactor = 1.0000001, BackoffFactor = 0.9999999 });
        using var optimizer = new Asgd([parameter], new() { Lambda = 0 }) { GradientScaler = scaler };
        var (eta, p) = (1f, 0.0);
        for (var step = 0; step < 12; step++)
        {
            var isSkipped = step % 3 == 1;
            parameter.Gradient.CopyFrom([.. Enumerable.Repeat(isSkipped ? float.PositiveInfinity : 1f, 40)]);
            optimizer.Groups[0].LearningRate = 1.0 / (step + 1);
            optimizer.Step();
            optimizer.Groups[0].LearningRate = 100;
            if (isSkipped)
                continue;
            p -= eta;
            eta = (float)(1.0 / (step + 1));
        }
        Assert.That(parameter.Data.ToArray(), Is.All.EqualTo(p).Within(1e-5));
        Assert.That(optimizer.StateDictionary()["p"]["eta"].Values<float>()[0], Is.EqualTo(eta));
    }

    [Test]
    public void WhatIsNoneIsRefused()
    {
        var parameter = _device.CreateParameter<float>("p", [2]);
        using var optimizer = new Asgd([parameter]);
        optimizer.Step();
        var state = optimizer.StateDictionary();
        Assert.That(state["p"].Names, Is.EqualTo(new[] { "step", "eta", "mu", "ax" }));
        void Refused(string name, StateTensor? tensor, string message)
        {
            var tensors = new OrderedDictionary<string, StateTensor>(state["p"].Tensors);
            tensors.Remove(name);
            if (tensor is not null)
                tensors.Add(name, tensor);
            Assert.That(() => optimizer.Load(state with { Parameters = new Dictionary<string, ParameterState> { ["p"] = state["p"] with { Tensors = tensors } } }), Throws.ArgumentException.With.Message.Contains(message));
        }
        Refused("mu", null, "State 'mu' of parameter 'p' is missing.");
        Refused("mu", StateTensor.Create<float>([2], [1, 1]), "State 'mu' of parameter 'p' must be a Float32 of shape []. Actual type and shape were Float32 and [2].");
        Refused("eta", StateTensor.Create<Half>([], [(Half)1]), "must be a Float32 of shape []. Actual type and shape were Float16 and [].");
        Refused("eta", StateTensor.Create<float>([], [float.NaN]), "State 'eta' of parameter 'p' must be finite. Actual value was NaN.");
        Refused("x", StateTensor.Create<float>([], [1]), "State 'x' of parameter 'p' is none of Asgd's: eta, mu, ax.");
        optimizer.Load(state);
    }

    private static float Product(NAdam optimizer) => optimizer.StateDictionary()["p"]["mu_product"].Values<float>()[0];
}
