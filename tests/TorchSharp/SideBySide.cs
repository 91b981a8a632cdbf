using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>The same model twice, from the same start, on the same data: one is trained by TorchSharp's own optimizer, the other by ours.</summary>
internal sealed class SideBySide : IDisposable
{
    /// <summary>
    /// TorchSharp's optimizers round numbers to the tensors' type that PyTorch's do not round, and multiply and add where PyTorch's interpolate. That is
    /// some units in the last place, of which the steps to come make more.
    /// </summary>
    public const double Tolerance = 1e-5;

    private readonly nn.Module<Tensor, Tensor> _theirModel, _ourModel;
    private readonly Tensor _input, _target;
    private readonly bool _maximize;

    public SideBySide(Func<nn.Module<Tensor, Tensor>> createModel, Tensor input, Tensor target, Func<nn.Module, optim.Optimizer> theirs, Func<nn.Module, TorchOptimizer> ours, bool maximize = false)
    {
        random.manual_seed(1);
        (_theirModel, _ourModel) = (createModel(), createModel());
        _ourModel.load_state_dict(_theirModel.state_dict());
        (_input, _target, _maximize) = (input, target, maximize);
        (Theirs, Ours) = (theirs(_theirModel), ours(_ourModel));
    }

    public SideBySide(TrainingScenario scenario)
        : this(
            () => new TwoLayers(),
            rand(32, TwoLayers.Inputs, generator: new Generator(1)),
            rand(32, TwoLayers.Outputs, generator: new Generator(2)),
            model => scenario.CreateTheirs((TwoLayers)model),
            model => scenario.CreateOurs((TwoLayers)model),
            scenario.Maximizes)
    {
    }

    public optim.Optimizer Theirs { get; }

    public TorchOptimizer Ours { get; }

    /// <summary>A step of both. Their losses must agree.</summary>
    /// <returns>The error before the step.</returns>
    public double Step() => AssertAlike(Step(_theirModel, Theirs), Step(_ourModel, Ours));

    /// <summary>The same by closures, without gradients outside of them.</summary>
    public double StepByClosure()
    {
        using var withoutGradients = no_grad();
        return AssertAlike(Theirs.step(() => Backward(_theirModel, Theirs)), Ours.step(() => Backward(_ourModel, Ours))!);
    }

    /// <summary>All parameters must agree.</summary>
    public void AssertModelsAlike()
    {
        foreach (var (theirs, ours) in _theirModel.named_parameters().Zip(_ourModel.named_parameters()))
        {
            double difference = (theirs.parameter - ours.parameter).abs().max().ToSingle(), largest = theirs.parameter.abs().max().ToSingle();
            Assert.That(difference, Is.LessThanOrEqualTo(Tolerance * largest), theirs.name);
        }
    }

    public void Dispose()
    {
        Theirs.Dispose();
        Ours.Dispose();
    }

    private double AssertAlike(Tensor theirs, Tensor ours)
    {
        Assert.That(ours.ToSingle(), Is.EqualTo(theirs.ToSingle()).Within(100 * Tolerance).Percent);
        return _maximize ? -theirs.ToSingle() : theirs.ToSingle();
    }

    private Tensor Step(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer)
    {
        var loss = Backward(model, optimizer);
        optimizer.step();
        return loss;
    }

    private Tensor Backward(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer)
    {
        // The same units drop out in both.
        random.manual_seed(2);
        var loss = nn.functional.mse_loss(model.call(_input), _target, nn.Reduction.Sum);
        optimizer.zero_grad();
        if (_maximize)
            loss = -loss;
        loss.backward();
        return loss;
    }
}
