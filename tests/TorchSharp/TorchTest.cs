using GpuOptim.Benchmarks.TorchSharp;
using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Tests that need libtorch: skipped where it does not load. What tensors a test makes go with it.</summary>
public abstract class TorchTest
{
    private DisposeScope? _scope;

    [OneTimeSetUp]
    public void LoadNativeLibrary()
    {
        if (NativeLibtorch.Failure is { } failure)
            Assert.Ignore($"libtorch does not load on this machine: {failure}");
        // Its threads wait without sleeping: beside other work on the same cores, small models would take a hundred times as long.
        torch.set_num_threads(1);
    }

    [SetUp]
    public void OpenScope() => _scope = torch.NewDisposeScope();

    [TearDown]
    public void CloseScope() => _scope?.Dispose();

    /// <summary>A step is the gradient.</summary>
    private protected static SgdOptions Plain { get; } = new() { LearningRate = 1 };

    private protected static Parameter Weight(params float[] values) => new(torch.tensor(values));

    private protected static TorchOptimizer<Optimizer> Optimizer(params (string, Parameter)[] parameters) => parameters.Optimizer(Plain);

    private protected static float[] Values(torch.Tensor tensor)
    {
        using var floats = tensor.detach().to(torch.float32).contiguous();
        return floats.data<float>().ToArray();
    }
}
