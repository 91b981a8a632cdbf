using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Host.Simd;

/// <summary>
/// Updates matrices through their orthogonal factors, each taken through all of it before the next: direction, orthogonalization, neurons, step.
/// While a small matrix goes through, it never leaves the cache of the core that works on it.
/// </summary>
internal readonly unsafe ref struct MatrixUpdateJob<TMomentum, TUpdate>(
    ReadOnlySpan<MatrixUpdateBatch> batches,
    ReadOnlySpan<TMomentum> momentumRules,
    ReadOnlySpan<NeuronRule> neuronRules,
    ReadOnlySpan<TUpdate> updateRules,
    ReadOnlySpan<uint> steps,
    NewtonSchulzSteps plan,
    int vectorBits,
    double large) : IChunkedJob
    where TMomentum : unmanaged, IUpdateRule
    where TUpdate : unmanaged, IUpdateRule
{
    private const int Alignment = 64;

    private readonly ReadOnlySpan<MatrixUpdateBatch> _batches = batches;
    private readonly ReadOnlySpan<TMomentum> _momentumRules = momentumRules;
    private readonly ReadOnlySpan<NeuronRule> _neuronRules = neuronRules;
    private readonly ReadOnlySpan<TUpdate> _updateRules = updateRules;
    private readonly ReadOnlySpan<uint> _steps = steps;

    /// <summary>Updates all matrices of some batches.</summary>
    public static void Run(
        Workers workers,
        ReadOnlySpan<MatrixUpdateBatch> batches,
        ReadOnlySpan<TMomentum> momentumRules,
        ReadOnlySpan<NeuronRule> neuronRules,
        ReadOnlySpan<TUpdate> updateRules,
        ReadOnlySpan<uint> steps,
        NewtonSchulzSteps plan,
        int vectorBits)
    {
        var work = 0.0;
        var count = 0;
        foreach (var batch in batches)
        {
            work += Work(batch) * (batch.Count - batch.Gradients.Count(0));
            count += batch.Count;
        }
        // A matrix that is more than half of a thread's share is worked on by all threads, the others side by side, each by one thread.
        var job = new MatrixUpdateJob<TMomentum, TUpdate>(batches, momentumRules, neuronRules, updateRules, steps, plan, vectorBits, work / (2 * workers.Count));
        foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Count && job.IsLarge(batch); i++)
                job.Update((SimdMatrixUpdateBatch)batch, i, workers);
        }
        workers.Run(ref job, count);
    }

    /// <summary>Updates the n-th matrix of all, unless it is a large one.</summary>
    public void Run(int chunk)
    {
        foreach (var batch in _batches)
        {
            if (chunk < batch.Count)
            {
                if (!IsLarge(batch))
                    Update((SimdMatrixUpdateBatch)batch, chunk, SimdMatrixUpdateBatch.Caller);
                return;
            }
            chunk -= batch.Count;
        }
    }

    /// <summary>Multiply-adds of a Newton-Schulz step on one matrix, about.</summary>
    private static double Work(MatrixUpdateBatch batch)
    {
        double order = Math.Min(batch.Rows, batch.Columns), depth = Math.Max(batch.Rows, batch.Columns);
        return order * order * (1.5 * depth + 0.5 * order);
    }

    private bool IsLarge(MatrixUpdateBatch batch) => Work(batch) > large;

    private void Update(SimdMatrixUpdateBatch batch, int index, Workers workers)
    {
        ref readonly var segment = ref batch.Segments[index];
        if (segment.Length == 0)
            return;
        if (batch.Gradients[index] is var gradient and not 0)
            Move(batch, index, gradient, workers);
        if (segment.Average != 0)
        {
            var average = batch.Average;
            var size = batch.ElementType.Size();
            var kernel = UpdateKernels.Select(average, vectorBits, batch.AverageTypes);
            new TensorUpdateJob(kernel, &average, segment.Average, size, segment.Parameter, 0, size, segment.Length).Run(workers);
        }
    }

    private void Move(SimdMatrixUpdateBatch batch, int index, nint gradient, Workers workers)
    {
        ref readonly var segment = ref batch.Segments[index];
        var order = Math.Min(batch.Rows, batch.Columns);
        var x = new MatrixBatch(0, batch.WorkType, 1, batch.Rows, batch.Columns);
        var square = x with { Rows = order, Columns = order };
        var bytes = NewtonSchulzMemory.Create(batch.Method, x, square, Alignment).End(batch.Method);
        // Floats behind them: first of what is not normalized yet, in the end of neurons that are.
        var isApart = batch.RawType != batch.WorkType;
        x = x with { Address = (nint)Scratch.Matrices(bytes + (isApart || batch.NormalizesNeurons ? segment.Length * sizeof(float) : 0)) };
        var memory = NewtonSchulzMemory.Create(batch.Method, x, square, Alignment);
        var raw = isApart ? x with { ElementType = batch.RawType, Address = memory.End(batch.Method) } : x;

        var elementSize = batch.UpdateTypes.Element.Size();
        var stateSize = batch.StateType.Size();
        fixed (TMomentum* rule = &_momentumRules[batch.Rules[index]])
        {
            var types = batch.MomentumTypes;
            var kernel = UpdateKernels.Select(*rule, vectorBits, types.Decoded);
            if (types.IsEncoded)
                new EncodedUpdateJob(kernel, rule, _steps[batch.Rules[index]], types, segment.ToEncoded() with { Parameter = raw.Address, State1 = 0 }, gradient, segment.Length, vectorBits).Run(workers);
            else
                new TensorUpdateJob(kernel, rule, raw.Address, raw.ElementType.Size(), gradient, segment.State0, stateSize, segment.Length).Run(workers);
        }
        var ops = workers == SimdMatrixUpdateBatch.Caller ? batch.OnOneThread : batch.OnAllThreads;
        var orthogonal = NewtonSchulz.Orthogonalize(ops, raw, memory, batch.Method, plan, batch.Deviations == 0 ? 0 : batch.Deviations + index * sizeof(float));
        var direction = orthogonal.Address;
        if (batch.NormalizesNeurons)
        {
            direction = memory.End(batch.Method);
            Neurons.Normalize(workers, vectorBits, _neuronRules[batch.Rules[index]], orthogonal, (float*)segment.State1, (float*)direction);
        }
        fixed (TUpdate* rule = &_updateRules[batch.Rules[index]])
        {
            var types = batch.UpdateTypes;
            var kernel = UpdateKernels.Select(*rule, vectorBits, types.Decoded);
            if (types.IsEncoded)
                new EncodedUpdateJob(kernel, rule, _steps[batch.Rules[index]], types, segment.ToEncoded() with { State0 = 0, State1 = 0 }, direction, segment.Length, vectorBits).Run(workers);
            else
                new TensorUpdateJob(kernel, rule, segment.Parameter, elementSize, direction, 0, stateSize, segment.Length).Run(workers);
        }
    }
}
