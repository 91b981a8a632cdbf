using System.Runtime.InteropServices;
using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What an update kernel reads besides tensors and what a step sends, in device memory: segments and chunks, which stay.</summary>
internal sealed class IlgpuUpdateTable : IDisposable
{
    private readonly IlgpuQueue _queue;
    private readonly UpdateSegment[] _tensors;
    private readonly MemoryBuffer1D<GpuSegment, Stride1D.Dense>? _segments;
    private readonly MemoryBuffer1D<GpuChunk, Stride1D.Dense>? _chunks;

    private readonly MemoryBuffer1D<EncodedTensor, Stride1D.Dense>? _encoded;

    /// <param name="queue">Where to launch.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="isEncoded">Whether some of their numbers are encoded.</param>
    public IlgpuUpdateTable(IlgpuQueue queue, ReadOnlySpan<UpdateSegment> segments, bool isEncoded)
    {
        _queue = queue;
        _tensors = segments.ToArray();
        var rows = new GpuSegment[segments.Length];
        var chunks = new List<GpuChunk>();
        for (var i = 0; i < segments.Length; i++)
        {
            ref readonly var segment = ref segments[i];
            rows[i] = new() { Parameter = segment.Parameter, State0 = segment.State0, State1 = segment.State1, State2 = segment.State2, Average = segment.Average, Length = segment.Length };
            LongestChunk = Math.Max(LongestChunk, (int)Math.Min(segment.Length, UpdateKernel.ChunkLength));
            for (var chunk = 0; chunk * (long)UpdateKernel.ChunkLength < segment.Length; chunk++)
                chunks.Add(new() { Segment = i, Index = chunk });
        }
        Chunks = chunks.Count;
        if (Chunks == 0)
            return;
        queue.CountTableBuild();
        if (!queue.ReadsTables)
            return;
        using var scope = queue.Enter();
        _segments = queue.Accelerator.Allocate1D<GpuSegment>(rows.Length);
        _chunks = queue.Accelerator.Allocate1D<GpuChunk>(chunks.Count);
        queue.Upload<GpuSegment>(rows, _segments.View.BaseView.Cast<byte>());
        queue.Upload<GpuChunk>(CollectionsMarshal.AsSpan(chunks), _chunks.View.BaseView.Cast<byte>());
        if (!isEncoded)
            return;
        var encoded = new EncodedTensor[segments.Length];
        for (var i = 0; i < encoded.Length; i++)
            encoded[i] = segments[i].ToEncoded();
        _encoded = queue.Accelerator.Allocate1D<EncodedTensor>(encoded.Length);
        queue.Upload<EncodedTensor>(encoded, _encoded.View.BaseView.Cast<byte>());
    }

    /// <summary>The tensors.</summary>
    public ReadOnlySpan<UpdateSegment> Tensors => _tensors;

    /// <summary>How many groups of threads the update takes; the views are there only if it is not 0 and the queue reads tables.</summary>
    public int Chunks { get; }

    /// <summary>Elements of the longest chunk.</summary>
    public int LongestChunk { get; }

    public ArrayView<GpuSegment> Segments => _segments!.View;

    /// <summary>Where they have what; there only if some of their numbers are encoded.</summary>
    public ArrayView<EncodedTensor> Encoded => _encoded!.View;

    public ArrayView<GpuChunk> ChunkMap => _chunks!.View;

    /// <summary>What the step in preparation has placed already, of the step that has the number.</summary>
    public (IlgpuStep Step, long Number, StepTable Placed) Placed { get; set; }

    /// <summary>For how many rules steps have room.</summary>
    public int RulesCapacity { get; set; }

    public void Dispose()
    {
        if (_queue.IsGone)
            return;
        using var scope = _queue.Enter();
        _segments?.Dispose();
        _chunks?.Dispose();
        _encoded?.Dispose();
    }
}
