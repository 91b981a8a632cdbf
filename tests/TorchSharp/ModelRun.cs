using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>A small model, always from the same start, that learns from data of the step's number, while its rates fall.</summary>
internal sealed class ModelRun : IDisposable
{
    public ModelRun(StateScenario scenario)
    {
        random.manual_seed(1);
        Model = new(3, 5, 2);
        Model.to(scenario.Type);
        Optimizer = scenario.CreateOptimizer(Model);
    }

    public TwoLayers Model { get; }

    public TorchOptimizer Optimizer { get; }

    public void Train(int first, int steps)
    {
        for (var step = first; step < first + steps; step++)
        {
            var (generator, type) = (new Generator((ulong)step), Model.FirstLayer.weight!.dtype);
            Tensor input = randn(8, 3, generator: generator).to(type), target = randn(8, 2, generator: generator).to(type);
            Optimizer.zero_grad(set_to_none: true);
            nn.functional.mse_loss(Model.call(input), target).backward();
            // One parameter learns only every other step, and not in the first.
            if (step % 2 == 0)
                Model.FirstLayer.bias!.grad = null;
            Optimizer.step();
            foreach (var group in Optimizer.ParamGroups)
                group.LearningRate *= 0.9;
        }
    }

    /// <summary>All there is: parameters, state, hyper-parameters, first rates.</summary>
    public IReadOnlyList<object?> Snapshot() =>
    [
        .. Model.parameters().Select(parameter => Convert.ToHexString(parameter.bytes)),
        .. State(),
        .. Optimizer.ParamGroups.SelectMany(group => (object[])[group.LearningRate, group.InitialLearningRate]),
    ];

    /// <summary>What the optimizer at work has: state and hyper-parameters.</summary>
    public IReadOnlyList<object?> State()
    {
        var state = Optimizer.Inner.StateDictionary();
        return [.. StateSnapshot.Of(state), .. state.Groups.SelectMany(group => Checkpoint.Describe(group.Options).Values.SelectMany(pair => (object[])[pair.Key, pair.Value]))];
    }

    public void Dispose() => Optimizer.Dispose();
}
