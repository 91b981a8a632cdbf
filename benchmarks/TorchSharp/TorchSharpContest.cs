using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Rivals;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.TorchSharp;
using TorchSharp;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>An optimizer on the tensors of one model: TorchSharp's, ours, ours without looking for gradients, and how long that takes alone.</summary>
internal static class TorchSharpContest
{
    private const int CheckedSteps = 3;
    private const double Tolerance = 1e-5;

    /// <summary>Who runs.</summary>
    /// <param name="device">What the yardsticks run on.</param>
    /// <param name="scope">Ends what they hold.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="contestant">The optimizer.</param>
    /// <param name="freshGradients">Whether gradients lie elsewhere at each step, as after a backward pass. They stay for the bare step, which does not look.</param>
    public static IReadOnlyList<Entry> Entries(SimdDevice device, Scope scope, TensorSet tensors, Contestant contestant, bool freshGradients)
    {
        torch.set_num_threads(device.Threads);
        torch.manual_seed(1);
        var data = tensors.Shapes.Select(shape => Numbers(shape, 0.02)).ToArray();
        var gradients = tensors.Shapes.Select(shape => scope.Keep(Numbers(shape, 0.01))).ToArray();
        TrainedTensors Trained() => scope.Keep(new TrainedTensors(data, gradients));
        TrainedTensors theirs = Trained(), ours = Trained(), bare = Trained();
        Array.ForEach(data, each => each.Dispose());

        var theirOptimizer = scope.Keep(TorchSharpOptimizers.Create(contestant.Options, theirs.Parameters));
        var ourOptimizer = scope.Keep(ours.Named.Optimizer(contestant.Options));
        var bareOptimizer = scope.Keep(bare.Named.Optimizer(contestant.Options));
        bareOptimizer.Inner.ReadGradients();

        // Twice their temporaries, and our states, which the first step allocates.
        var heap = new NativeHeap(room: 8 * sizeof(float) * tensors.Elements);
        StepWorkload Steps(TrainedTensors trained, Action step) => new(step, between: () =>
        {
            heap.TrimIfLarge();
            if (freshGradients)
                trained.RenewGradients();
        });
        var ourSteps = Steps(ours, () => ourOptimizer.step());
        var triad = Yardsticks.Create(device, scope, tensors.Elements).Triad;
        var work = contestant.Work(NumberType.Float32, tensors.Elements);
        return
        [
            triad,
            new(contestant.Name, Figure.Ours, ourSteps, work)
            {
                Floors = [FloorRule.OfBytes(triad, work)],
                Check = () =>
                {
                    for (var step = 0; step < CheckedSteps; step++)
                    {
                        ourOptimizer.step();
                        theirOptimizer.step();
                    }
                    var difference = ours.DifferenceFrom(theirs);
                    if (difference > Tolerance)
                        throw new WrongResultException($"Parameters of {contestant.Name} on {tensors.Name} must agree with TorchSharp's within {Tolerance}. Actual difference was {difference:G3}.");
                    ourSteps.Run(1);
                    return $"TorchSharp's ± {difference:0.0e0}; allocates {ourSteps.Bytes} bytes";
                },
            },
            new(contestant.Name, "TorchSharp", Steps(theirs, () => theirOptimizer.step()), work),
            new($"{contestant.Name}, bare", Figure.Ours, new Workload(bareOptimizer.Inner.StepOnGradientsRead), work),
            new("looking for gradients", Figure.Ours, new LookingWorkload(ourOptimizer, ourSteps), new(tensors.Shapes.Count)),
        ];
    }

    /// <summary>Numbers of either sign, up to a largest one, none of them near zero.</summary>
    private static torch.Tensor Numbers(long[] shape, double largest)
    {
        using var scope = torch.NewDisposeScope();
        var signs = torch.rand(shape).sub(0.5).sign();
        return (torch.rand(shape).mul(0.9).add(0.1) * signs.add(0.5).sign() * largest).MoveToOuterDisposeScope();
    }

    /// <summary>The part of a step until all gradients are found.</summary>
    /// <remarks>That a step of a millisecond is 20 microseconds longer than another cannot be measured.</remarks>
    private sealed class LookingWorkload : IWorkload
    {
        private readonly StepWorkload _steps;
        private double _seconds;

        public LookingWorkload(TorchOptimizer optimizer, StepWorkload steps)
        {
            _steps = steps;
            // Who asks last is told when all gradients are found.
            optimizer.Inner.ReadingGradients += (_, _) => _seconds += Ticks.SecondsSince(steps.Start);
        }

        public double Run(int repetitions)
        {
            _seconds = 0;
            _steps.Run(repetitions);
            return _seconds / repetitions;
        }
    }
}
