using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Wrong use fails at once, says what is wrong, and changes nothing.</summary>
public sealed class OptimizerErrorTests
{
    private SimdDevice _device = null!;

    [SetUp]
    public void Open() => _device = new SimdDevice();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void NoParameters() =>
        Assert.That(() => new Adam([]), Throws.ArgumentException.With.Message.Contains("parameters must hold at least one parameter. Actual number was 0."));

    [Test]
    public void NullParameters()
    {
        Assert.That(() => new Adam(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("parameters"));
        Assert.That(() => new Adam([_device.CreateParameter("p", [1]), null!]), Throws.ArgumentException.With.Message.Contains("parameters must not hold null. Actual value at index 1 was null."));
    }

    [Test]
    public void AParameterTwice()
    {
        var parameter = _device.CreateParameter("p", [1]);
        Assert.That(() => new Adam([parameter, parameter]), Throws.ArgumentException.With.Message.Contains("Parameter 'p' must be given once."));
        using var adam = new Adam([parameter]);
        Assert.That(() => adam.AddGroup([_device.CreateParameter("q", [1]), parameter], new()), Throws.ArgumentException.With.Message.Contains("Parameter 'p' must be given once."));
        Assert.That(adam.Groups, Has.Count.EqualTo(1));
        Assert.That(adam.Parameters, Is.EqualTo(new[] { parameter }));
    }

    [Test]
    public void TwoParametersOfOneName() =>
        Assert.That(() => new Adam([_device.CreateParameter("p", [1]), _device.CreateParameter("p", [2])]), Throws.ArgumentException.With.Message.Contains("Another parameter of the optimizer is called 'p', too."));

    [Test]
    public void TwoParametersOfOneMemory()
    {
        var memory = _device.CreateBuffer<float>(10);
        var a = new Parameter<float>("a", [6], memory.Slice(0, 6));
        var b = new Parameter<float>("b", [5], memory.Slice(5, 5));
        var c = new Parameter<float>("c", [4], memory.Slice(6, 4));
        Assert.That(() => new Adam([b, a]), Throws.ArgumentException.With.Message.Contains("Parameters must not share memory. 'a' and 'b' do."));
        using var adam = new Adam([a, c]);
        Assert.That(adam.Parameters.Count(), Is.EqualTo(2));
    }

    [Test]
    public void ParametersOfTwoDevices()
    {
        using var other = new SimdDevice();
        Assert.That(() => new Adam([_device.CreateParameter("p", [1]), other.CreateParameter("q", [1])]), Throws.ArgumentException.With.Message.Contains("Parameter 'q' must lie on the optimizer's device"));
    }

    [Test]
    public void ADisposedParameter()
    {
        var parameter = _device.CreateParameter("p", [1]);
        parameter.Dispose();
        Assert.That(() => new Adam([parameter]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ARefusedStepChangesNothing([Values] bool gradient)
    {
        Parameter<float> good = _device.CreateParameter("good", [2], new float[] { 1, 2 }), bad = _device.CreateParameter("bad", [2]);
        good.Gradient.CopyFrom([1, 1]);
        using var adam = new Adam([good, bad]);
        adam.Step();
        var before = good.Data.ToArray();

        if (gradient)
            bad.Gradient.Dispose();
        else
            bad.Data.Dispose();

        Assert.That(adam.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(good.Data.ToArray(), Is.EqualTo(before));
        Assert.That(adam.StateDictionary()["good"].Step, Is.EqualTo(1));
    }

    [Test]
    public void UseAfterDispose()
    {
        var parameter = _device.CreateParameter("p", [2]);
        var adam = new Adam([parameter]);
        adam.Step();
        var state = adam.StateDictionary();
        adam.Dispose();
        adam.Dispose();
        Assert.That(adam.IsDisposed);
        Assert.That(adam.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(adam.ZeroGradients, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(adam.StateDictionary, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => adam.Load(state), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => adam.AddGroup([parameter], new()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(parameter.Data.IsDisposed, Is.False);
    }

    [Test]
    public void ADisposedDevice()
    {
        using var adam = new Adam([_device.CreateParameter("p", [2])]);
        _device.Dispose();
        Assert.That(adam.Step, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ADeclarationWithTooFewSlots() =>
        Assert.That(() => new Misdeclared([_device.CreateParameter("p", [2])]), Throws.ArgumentException.With.Message.Contains("slots must be as many as SgdRule has, 1. Actual number was 0."));

    private sealed class Misdeclared(IEnumerable<Parameter> parameters) : ElementwiseOptimizer<SgdOptions, GpuOptim.Kernels.Rules.SgdRule>(parameters, new(), [])
    {
        protected override GpuOptim.Kernels.Rules.SgdRule CreateRule(SgdOptions options, StepInfo step) => default;
    }
}
