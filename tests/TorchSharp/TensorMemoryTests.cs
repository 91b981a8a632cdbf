using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>What steps leave behind: nothing.</summary>
public sealed class TensorMemoryTests : TorchTest
{
    /// <summary>Scopes that dispose of every tensor made in them, and garbage collections, whenever they come.</summary>
    [Test]
    public void ScopesAndCollectionsDoNoHarm()
    {
        using var model = nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2)));
        using var twin = nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2)));
        twin.load_state_dict(model.state_dict());
        using var x = randn(8, 30);
        var optimizer = MakeInAScope(model);
        using var expected = twin.AdamW();
        var tensors = LiveTensors();
        for (var i = 0; i < 30; i++)
        {
            using (NewDisposeScope())
            {
                model.call(x).square().mean().backward();
                // What is garbage here is young.
                GC.Collect(generation: 1);
                optimizer.step();
                optimizer.zero_grad(set_to_none: i % 2 == 0);
            }
            using (NewDisposeScope())
            {
                twin.call(x).square().mean().backward();
                expected.step();
                expected.zero_grad();
            }
        }
        Assert.That(LiveTensors(), Is.LessThanOrEqualTo(tensors));
        Assert.That(Values(model.get_parameter("first.weight")!), Is.EqualTo(Values(twin.get_parameter("first.weight")!)));
        optimizer.Dispose();

        static TorchOptimizer MakeInAScope(nn.Module model)
        {
            using var scope = NewDisposeScope();
            return model.AdamW();
        }
    }

    [Test]
    public void TenThousandStepsLeakNothing()
    {
        using var model = nn.Linear(64, 64);
        using var optimizer = model.AdamW();
        using var x = randn(4, 64);
        Train(1000);
        var (tensors, memory, bytes) = (LiveTensors(), GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
        Train(10_000);
        Assert.That(LiveTensors(), Is.LessThanOrEqualTo(tensors));
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - memory, Is.LessThan(1 << 20));
        Assert.That(Environment.WorkingSet - bytes, Is.LessThan(64 << 20), "a leak of the gradients would be 166 MB");

        void Train(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                using var scope = NewDisposeScope();
                model.call(x).square().mean().backward();
                optimizer.step();
                optimizer.zero_grad(set_to_none: true);
            }
        }
    }

    [Test]
    public void AStepAllocatesWhatTheGradientPropertyDoes()
    {
        (string, Parameter)[] parameters = [.. Enumerable.Range(0, 100).Select(i => ($"p{i}", Weight(i, 1)))];
        foreach (var (_, parameter) in parameters)
            parameter.grad = ones(2);
        using var optimizer = parameters.Optimizer(new AdamWOptions());
        for (var i = 0; i < 3; i++)
            optimizer.step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (_, parameter) in parameters)
            parameter.grad!.Dispose();
        var property = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        optimizer.step();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.EqualTo(property));
    }

    /// <summary>Tensors of managed code, once those of other tests are gone.</summary>
    private static long LiveTensors()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Tensor.TotalCount;
    }
}
