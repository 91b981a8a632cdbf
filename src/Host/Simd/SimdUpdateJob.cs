using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, void*, void*, void*, void*, void*, nint, void>;

namespace GpuOptim.Host.Simd;

/// <summary>One update of a batch, chunk by chunk. A parameter's average is updated while the chunk is still in the cache.</summary>
internal readonly unsafe struct SimdUpdateJob(SimdUpdateBatch batch, byte* rules, int ruleSize, nint[] kernels, UpdateKernel averageKernel) : IChunkedJob
{
    private readonly int _elementSize = batch.ElementType.Size();
    private readonly int _gradientSize = batch.GradientType.Size();
    private readonly int _stateSize = batch.StateType.Size();

    public void Run(int chunk)
    {
        var (segment, offset) = batch.Start(chunk);
        for (long room = SimdUpdateBatch.ChunkLength; room > 0 && segment < batch.Count; segment++, offset = 0)
        {
            ref readonly var tensor = ref batch.Segments[segment];
            var count = Math.Min(room, tensor.Length - offset);
            room -= count;
            if (batch.Gradients[segment] is var gradient and not 0)
            {
                var rule = batch.Rules[segment];
                ((UpdateKernel)kernels[rule])(
                    rules + (nint)rule * ruleSize,
                    At(tensor.Parameter, offset),
                    (void*)(gradient + (nint)offset * _gradientSize),
                    State(tensor.State0, offset),
                    State(tensor.State1, offset),
                    State(tensor.State2, offset),
                    (nint)count);
            }
            if (tensor.Average != 0)
            {
                var average = batch.Average;
                averageKernel(&average, At(tensor.Average, offset), At(tensor.Parameter, offset), null, null, null, (nint)count);
            }
        }
    }

    private void* At(nint address, long offset) => (void*)(address + (nint)offset * _elementSize);

    private void* State(nint address, long offset) => address == 0 ? null : (void*)(address + (nint)offset * _stateSize);
}
