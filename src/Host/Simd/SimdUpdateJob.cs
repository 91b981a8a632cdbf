using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, void*, void*, void*, void*, void*, nint, void>;

namespace GpuOptim.Host.Simd;

/// <summary>One update of a batch, chunk by chunk.</summary>
internal readonly unsafe struct SimdUpdateJob(SimdUpdateBatch batch, byte* rules, int ruleSize, UpdateKernel kernel) : IChunkedJob
{
    private readonly int _elementSize = batch.ElementType.Size();
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
                kernel(
                    rules + (nint)batch.Rules[segment] * ruleSize,
                    (void*)(tensor.Parameter + (nint)offset * _elementSize),
                    (void*)(gradient + (nint)offset * _elementSize),
                    State(tensor.State0, offset),
                    State(tensor.State1, offset),
                    State(tensor.State2, offset),
                    (nint)count);
            }
        }
    }

    private void* State(nint address, long offset) => address == 0 ? null : (void*)(address + (nint)offset * _stateSize);
}
