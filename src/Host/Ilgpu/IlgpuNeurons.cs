using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What an accelerator needs to normalize the neurons of a batch of matrices: where their averages are, and memory to work in.</summary>
internal sealed class IlgpuNeurons : IDisposable
{
    private readonly IlgpuQueue _queue;
    private readonly MemoryBuffer1D<long, Stride1D.Dense> _averages;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _squares;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _divisors;

    /// <param name="queue">Where to launch.</param>
    /// <param name="rows">Rows of each matrix.</param>
    /// <param name="segments">The matrices.</param>
    /// <param name="result">Where the normalized directions go.</param>
    public IlgpuNeurons(IlgpuQueue queue, int rows, ReadOnlySpan<UpdateSegment> segments, nint result)
    {
        (_queue, Result) = (queue, result);
        var averages = new long[segments.Length];
        for (var i = 0; i < averages.Length; i++)
            averages[i] = segments[i].State1;
        _averages = queue.Accelerator.Allocate1D<long>(averages.Length);
        queue.Upload<long>(averages, _averages.View.BaseView.Cast<byte>());
        _squares = queue.Allocate((long)rows * segments.Length * sizeof(double));
        _divisors = queue.Allocate((long)rows * segments.Length * sizeof(float));
    }

    /// <summary>Where the normalized directions go, as floats, matrix after matrix.</summary>
    public nint Result { get; }

    /// <summary>Normalizes the rows of matrices.</summary>
    /// <param name="queue">Where to launch.</param>
    /// <param name="table">What the step sent of them.</param>
    /// <param name="rules">Where it has the rules.</param>
    /// <param name="orthogonal">The matrices.</param>
    public void Normalize(IlgpuQueue queue, StepTable table, StepPlace rules, MatrixBatch orthogonal)
    {
        var neurons = new GpuNeurons(orthogonal, Result);
        var (squares, divisors) = (_squares.View.BaseView.Cast<double>(), _divisors.View.BaseView.Cast<float>());
        queue.MeasureNeurons(orthogonal, neurons, table.Gradients, table.RuleIndices, table.Block.View<NeuronRule>(rules), _averages.View, squares, divisors);
        queue.DivideNeurons(orthogonal, neurons, squares, divisors);
    }

    public void Dispose()
    {
        if (_queue.IsGone)
            return;
        using var scope = _queue.Enter();
        _averages.Dispose();
        _squares.Dispose();
        _divisors.Dispose();
    }
}
