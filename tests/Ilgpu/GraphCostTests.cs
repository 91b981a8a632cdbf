using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>What a graph of CUDA's costs the host. Alone: who waits for a lock that others hold allocates.</summary>
[NonParallelizable]
public sealed class GraphCostTests : CardTest
{
    /// <summary>
    /// Whatever the number of kernels and tensors, a step is one launch, captured a few times at first, and the host neither waits nor allocates.
    /// </summary>
    [Test]
    public void AStepIsOneLaunch([Values("adamw", "clipped", "scaled", "muon", "model")] string kind)
    {
        using var device = new IlgpuDevice(Accelerator) { UseGraphs = true };
        using var model = new MatrixModel(device, [[24, 40], [40, 24], [17], [24, 40], .. Enumerable.Repeat<long[]>([5], 30)]);
        using var scaler = new GradientScaler(device);
        var shortest = new NewtonSchulzOptions { Steps = 1 };
        using var optimizer = kind switch
        {
            "muon" => new Muon(model.Parameters.Where(parameter => parameter.Shape.Count == 2), new() { NewtonSchulz = shortest }),
            "model" => new ModelOptimizer(model.Parameters, Assignment.Where("matrices", parameter => parameter.Shape.Count == 2, new NorMuonOptions { NewtonSchulz = shortest }), Assignment.Rest(new AdamWOptions())),
            _ => (Optimizer)new AdamW(model.Parameters),
        };
        var isGraph = kind is not "adamw";
        if (isGraph)
            optimizer.GradientClipping = GradientClipping.ByNorm(1);
        if (kind is "scaled")
            optimizer.GradientScaler = scaler;
        model.NextGradients();
        Run(60);
        optimizer.Groups[0].LearningRate *= 0.5;
        Assert.That(device.Counters.Captures, isGraph ? Is.InRange(1, 60) : Is.Zero);
        // Each step that is under way at once has a graph, and with a scaler rules of its own: until the host was as far ahead as it gets. Where it
        // is farther ahead than there may be graphs, a step is launched plainly.
        var (asked, allocated) = Run(100);
        for (var more = 0; more < 5 && (asked.Captures > 0 || asked.Launches > 100); more++)
            (asked, allocated) = Run(100);
        Assert.That((asked.Launches, asked.HostWaits, asked.TableBuilds, asked.Captures, allocated), Is.EqualTo((100, 5, 0, 0, 0)));

        (IlgpuCounters Asked, long Allocated) Run(int steps)
        {
            var (counters, bytes) = (device.Counters, GC.GetAllocatedBytesForCurrentThread());
            for (var step = 0; step < steps; step++)
            {
                optimizer.Step();
                if (step % 20 == 19)
                    device.Synchronize();
            }
            return (device.Counters - counters, GC.GetAllocatedBytesForCurrentThread() - bytes);
        }
    }
}
