using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using Modules = TorchSharp.Modules;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Options of those whose own steps in TorchSharp are not PyTorch's, so that there is nothing to train beside.</summary>
public sealed class TorchOptionsTests : TorchTest
{
    [Test]
    public void GroupsTakeTheirOptions()
    {
        Assert.That(
            Taken(new NAdamOptions { Beta2 = 0.9 }, p => new Modules.NAdam.ParamGroup { Parameters = p, Options = new() { beta1 = 0.5, momentum_decay = 0.1 } }),
            Is.EqualTo(new NAdamOptions { Beta1 = 0.5, Beta2 = 0.9, MomentumDecay = 0.1 }));
        Assert.That(
            Taken(new RAdamOptions { Beta2 = 0.9 }, p => new Modules.RAdam.ParamGroup { Parameters = p, Options = new() { LearningRate = 0.5, eps = 0.1, weight_decay = 0.2 } }),
            Is.EqualTo(new RAdamOptions { LearningRate = 0.5, Beta2 = 0.9, Epsilon = 0.1, WeightDecay = 0.2 }));
        Assert.That(
            Taken(new RpropOptions { MaxStepSize = 2 }, p => new Modules.Rprop.ParamGroup { Parameters = p, Options = new() { etaminus = 0.25, etaplus = 1.5, min_step = 0.1 } }),
            Is.EqualTo(new RpropOptions { EtaMinus = 0.25, EtaPlus = 1.5, MinStepSize = 0.1, MaxStepSize = 2 }));
    }

    private static OptimizerOptions Taken(OptimizerOptions own, Func<IEnumerable<Modules.Parameter>, Modules.ParamGroup> group)
    {
        using var model = new TwoLayers();
        using var optimizer = model.First.Optimizer(own);
        optimizer.add_param_group(group(model.Second.Select(named => named.parameter)));
        return optimizer.Inner.Groups[1].AnyOptions;
    }
}
