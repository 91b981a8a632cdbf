using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What an <see cref="UpdateKernel{TRule, TElement, TGradient, TState}"/> reads besides tensors and rules: segments, chunks, and the two columns of a step.</summary>
internal sealed class IlgpuUpdateTable : IDisposable
{
    private readonly AcceleratorStream _stream;
    private readonly MemoryBuffer1D<GpuSegment, Stride1D.Dense>? _segments;
    private readonly MemoryBuffer1D<GpuChunk, Stride1D.Dense>? _chunks;
    private readonly MemoryBuffer1D<long, Stride1D.Dense>? _gradients;
    private readonly MemoryBuffer1D<int, Stride1D.Dense>? _rules;
    private readonly long[] _addresses;

    public IlgpuUpdateTable(Accelerator accelerator, AcceleratorStream stream, ReadOnlySpan<UpdateSegment> segments)
    {
        _stream = stream;
        _addresses = new long[segments.Length];
        var rows = new GpuSegment[segments.Length];
        var chunks = new List<GpuChunk>();
        for (var i = 0; i < segments.Length; i++)
        {
            ref readonly var segment = ref segments[i];
            rows[i] = new() { Parameter = segment.Parameter, State0 = segment.State0, State1 = segment.State1, State2 = segment.State2, Length = segment.Length };
            for (var chunk = 0; chunk * (long)UpdateKernel.ChunkLength < segment.Length; chunk++)
                chunks.Add(new() { Segment = i, Index = chunk });
        }
        Chunks = chunks.Count;
        if (Chunks == 0)
            return;
        _segments = accelerator.Allocate1D(rows);
        _chunks = accelerator.Allocate1D(chunks.ToArray());
        _gradients = accelerator.Allocate1D<long>(segments.Length);
        _rules = accelerator.Allocate1D<int>(segments.Length);
    }

    /// <summary>How many groups of threads the update takes; the views are there only if it is not 0.</summary>
    public int Chunks { get; }

    public ArrayView<GpuSegment> Segments => _segments!.View;

    public ArrayView<GpuChunk> ChunkView => _chunks!.View;

    public ArrayView<long> Gradients => _gradients!.View;

    public ArrayView<int> Rules => _rules!.View;

    /// <summary>Sends the columns that change from step to step.</summary>
    public void Upload(ReadOnlySpan<nint> gradients, ReadOnlySpan<int> rules)
    {
        for (var i = 0; i < gradients.Length; i++)
            _addresses[i] = gradients[i];
        _gradients!.View.BaseView.CopyFromCPU(_stream, (ReadOnlySpan<long>)_addresses);
        _rules!.View.BaseView.CopyFromCPU(_stream, rules);
    }

    public void Dispose()
    {
        _segments?.Dispose();
        _chunks?.Dispose();
        _gradients?.Dispose();
        _rules?.Dispose();
    }
}
