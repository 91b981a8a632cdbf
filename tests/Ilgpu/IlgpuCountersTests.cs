using System.Runtime.CompilerServices;
using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>What optimizers ask of an accelerator: launches, copies, waits.</summary>
public sealed class IlgpuCountersTests
{
    /// <summary>
    /// Three groups with different rates, one parameter without a gradient every second step: one launch a step, nothing built anew, no wait.
    /// </summary>
    [Test]
    public void AStepIsOneLaunchAndNoWait()
    {
        using var device = Open();
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 5).Select(i => device.CreateParameter<float>($"p{i}", [3, 1000 + i], new float[3 * (1000 + i)]))];
        using var optimizer = new AdamW([parameters[0], parameters[1]], new() { LearningRate = 0.1 });
        optimizer.AddGroup([parameters[2], parameters[3]], new AdamWOptions { LearningRate = 0.01, WeightDecay = 0 });
        optimizer.AddGroup([parameters[4]], new AdamWOptions { LearningRate = 0.001 });
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom(Enumerable.Repeat(1f, (int)parameter.Length).ToArray());
        optimizer.Step();

        for (var step = 0; step < 100; step++)
        {
            parameters[1].HasGradient = step % 2 == 1;
            var before = device.Counters;
            optimizer.Step();
            var asked = device.Counters - before;
            Assert.That((asked.Launches, asked.TableBuilds, asked.HostWaits, asked.BytesToHost), Is.EqualTo((1, 0, 0, 0)));
            Assert.That(asked.BytesToDevice, Is.LessThan(300), "addresses, rule indices and rules");
        }
    }

    /// <summary>What has not changed is not sent again, however many tensors there are.</summary>
    [Test]
    public void AStepThatRepeatsTheOneBeforeSendsItsRulesAlone()
    {
        using var device = Open();
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 200).Select(i => device.CreateParameter<float>($"p{i}", [3], new float[3]))];
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom([1f, 2f, 3f]);
        using var optimizer = new AdamW(parameters);
        // The first step fills state that was empty, so that the second one's rule is another.
        optimizer.Step();
        optimizer.Step();
        for (var step = 0; step < 5; step++)
        {
            var before = device.Counters;
            optimizer.Step();
            Assert.That((device.Counters - before).BytesToDevice, Is.EqualTo(Unsafe.SizeOf<AdamRule>()));
        }
        Assert.That(optimizer.StateDictionary()["p7"].Step, Is.EqualTo(7));
    }

    /// <summary>Element types are launches of their own; so are rules.</summary>
    [Test]
    public void EachCombinationOfTypesIsALaunch()
    {
        using var device = Open();
        var single = device.CreateParameter<float>("a", [10], new float[10]);
        var brain = device.CreateParameter<BFloat16>("b", [10], new BFloat16[10]);
        var half = device.CreateParameter<System.Half>("c", [10], new System.Half[10]);
        using var optimizer = new Sgd([single, brain, half], new() { LearningRate = 0.1, Momentum = 0.9 });
        single.Gradient.Clear();
        brain.Gradient.Clear();
        half.Gradient.Clear();
        var before = device.Counters;
        optimizer.Step();
        optimizer.Step();
        Assert.That((device.Counters - before).Launches, Is.EqualTo(6));
        Assert.That((device.Counters - before).TableBuilds, Is.EqualTo(3));
    }

    /// <summary>Directions with their sums, normalization, update; and the products, two an iteration where c is 0. NorMuon measures rows, too, and divides them.</summary>
    [TestCase(null, 5 * 3, false)]
    [TestCase(3, 3 * 2, false)]
    [TestCase(null, 5 * 3, true)]
    public void MuonIsThreeLaunchesAndTheProducts(int? cubicSteps, int products, bool isNorMuon)
    {
        using var device = Open();
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 4).Select(i => device.CreateParameter<float>($"p{i}", i < 3 ? [12, 20] : [7, 7], new float[i < 3 ? 240 : 49]))];
        var options = cubicSteps is { } count ? new MuonOptions { NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.Cubic, Steps = count } } : new MuonOptions();
        using Optimizer optimizer = isNorMuon ? new NorMuon(parameters) : new Muon(parameters, options);
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom([.. Enumerable.Range(0, (int)parameter.Length).Select(i => MathF.Sin(i))]);
        optimizer.Step();

        var before = device.Counters;
        optimizer.Step();
        var asked = device.Counters - before;
        const int Shapes = 2;
        Assert.That((asked.Launches, asked.TableBuilds, asked.HostWaits), Is.EqualTo((Shapes * ((isNorMuon ? 5 : 3) + products), 0, 0)));
    }

    /// <summary>Norm, factor, the factor's way into the rules, update; the host waits only when it asks for the norm.</summary>
    [Test]
    public void ClippingByNormIsFourLaunchesAndNoWait()
    {
        using var device = Open();
        var parameter = device.CreateParameter<float>("p", [5000], new float[5000]);
        parameter.Gradient.CopyFrom(Enumerable.Repeat(1f, 5000).ToArray());
        using var optimizer = new AdamW([parameter]) { GradientClipping = GradientClipping.ByNorm(1) };
        optimizer.Step();
        var before = device.Counters;
        optimizer.Step();
        var asked = device.Counters - before;
        Assert.That((asked.Launches, asked.TableBuilds, asked.HostWaits, asked.BytesToHost), Is.EqualTo((4, 0, 0, 0)));
        Assert.That(optimizer.ReadGradientNorm(), Is.EqualTo(Math.Sqrt(5000)));
        Assert.That((device.Counters - before).HostWaits, Is.EqualTo(1));
    }

    [Test]
    public void CopiesAreCounted()
    {
        using var device = Open();
        using var buffer = device.CreateBuffer<float>(10);
        var before = device.Counters;
        buffer.CopyFrom(new float[10]);
        buffer.ToArray();
        device.Synchronize();
        Assert.That(device.Counters - before, Is.EqualTo(new IlgpuCounters(0, 3, 0, 40, 40)));
    }

    private static IlgpuDevice Open() => (IlgpuDevice)SharedAccelerator.Open("ilgpu-cpu");
}
