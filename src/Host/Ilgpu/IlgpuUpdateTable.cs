using System.Runtime.InteropServices;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>
/// What an update kernel reads besides tensors, in device memory: segments and chunks, which stay, and what a step changes, in one block that is sent
/// at once: where gradients are, which tensor follows which rule, the rules, and which steps of late may have been skipped.
/// </summary>
internal sealed class IlgpuUpdateTable : IDisposable
{
    private readonly IlgpuQueue _queue;
    private readonly int _count;
    private readonly UpdateSegment[] _tensors;
    private readonly MemoryBuffer1D<GpuSegment, Stride1D.Dense>? _segments;
    private readonly MemoryBuffer1D<GpuChunk, Stride1D.Dense>? _chunks;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _step;
    private byte[] _bytes = [];
    private int _gradientsOffset;
    private int _pendingCount;
    private int _rulesLength;
    private bool _hasColumns;

    public IlgpuUpdateTable(IlgpuQueue queue, ReadOnlySpan<UpdateSegment> segments)
    {
        _queue = queue;
        _count = segments.Length;
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
        _segments = queue.Accelerator.Allocate1D<GpuSegment>(rows.Length);
        _chunks = queue.Accelerator.Allocate1D<GpuChunk>(chunks.Count);
        queue.Upload<GpuSegment>(rows, _segments.View.BaseView.Cast<byte>());
        queue.Upload<GpuChunk>(CollectionsMarshal.AsSpan(chunks), _chunks.View.BaseView.Cast<byte>());
    }

    /// <summary>The tensors.</summary>
    public ReadOnlySpan<UpdateSegment> Tensors => _tensors;

    /// <summary>For each tensor, where its gradient was said to be.</summary>
    public ReadOnlySpan<long> HostGradients => MemoryMarshal.Cast<byte, long>(_bytes.AsSpan(_gradientsOffset, _count * sizeof(long)));

    /// <summary>How many groups of threads the update takes; the views are there only if it is not 0 and the queue reads tables.</summary>
    public int Chunks { get; }

    /// <summary>Elements of the longest chunk.</summary>
    public int LongestChunk { get; }

    public ArrayView<GpuSegment> Segments => _segments!.View;

    public ArrayView<GpuChunk> ChunkMap => _chunks!.View;

    public ArrayView<long> Gradients => _step!.View.BaseView.SubView(_gradientsOffset, (long)_count * sizeof(long)).Cast<long>();

    public ArrayView<int> RuleIndices => _step!.View.BaseView.SubView(RuleIndicesOffset, (long)_count * sizeof(int)).Cast<int>();

    public ArrayView<ulong> Pending => _step!.View.BaseView.SubView(PendingOffset, (long)_pendingCount * sizeof(ulong)).Cast<ulong>();

    private int PendingOffset => _gradientsOffset + _count * sizeof(long);

    private int RuleIndicesOffset => PendingOffset + _pendingCount * sizeof(ulong);

    /// <summary>What a step changes, as it was sent: the rules first.</summary>
    public ArrayView<byte> Step => _step!.View;

    /// <summary>Where the rules are that were sent.</summary>
    public nint RulesAddress => _step!.NativePtr;

    /// <summary>The rules that were sent.</summary>
    /// <remarks>They are first because a view of ILGPU's begins at a whole number of its elements.</remarks>
    public unsafe ArrayView<TRule> Rules<TRule>(int count) where TRule : unmanaged => _step!.View.BaseView.SubView(0, (long)count * sizeof(TRule)).Cast<TRule>();

    /// <summary>Sends what a step changes.</summary>
    /// <param name="gradients">Where gradients are.</param>
    /// <param name="ruleIndices">Which tensor follows which rule.</param>
    /// <param name="pending">The bits of steps that may have been skipped, for each tensor; sent only where there are any.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="isRepeated">Whether all but the rules are as they were when they were last sent.</param>
    /// <param name="isCompleted">Whether the device will change what was sent.</param>
    public void Upload<TRule>(ReadOnlySpan<nint> gradients, ReadOnlySpan<int> ruleIndices, ReadOnlySpan<ulong> pending, ReadOnlySpan<TRule> rules, bool isRepeated, bool isCompleted)
        where TRule : unmanaged, IUpdateRule
    {
        var bytes = MemoryMarshal.AsBytes(rules);
        if (isRepeated && _hasColumns && bytes.Length == _rulesLength)
        {
            bytes.CopyTo(_bytes);
            _queue.Upload(bytes, _step!.View.BaseView.SubView(0, bytes.Length));
        }
        else
        {
            Upload(gradients, ruleIndices, pending.ContainsAnyExcept(0ul) ? pending : [], bytes);
        }
        (_hasColumns, _rulesLength) = (!isCompleted, bytes.Length);
    }

    /// <summary>Sends where gradients are, alone.</summary>
    public void UploadGradients(ReadOnlySpan<nint> gradients)
    {
        Upload(gradients, [], [], []);
        _hasColumns = false;
    }

    private void Upload(ReadOnlySpan<nint> gradients, ReadOnlySpan<int> ruleIndices, ReadOnlySpan<ulong> pending, ReadOnlySpan<byte> sent)
    {
        _pendingCount = pending.Length;
        _gradientsOffset = (sent.Length + sizeof(long) - 1) / sizeof(long) * sizeof(long);
        var length = RuleIndicesOffset + _count * sizeof(int);
        if (_bytes.Length < length)
        {
            _step?.Dispose();
            _bytes = new byte[length + sent.Length];
            _step = _queue.Allocate(_bytes.Length);
        }
        sent.CopyTo(_bytes);
        var addresses = MemoryMarshal.Cast<byte, long>(_bytes.AsSpan(_gradientsOffset, _count * sizeof(long)));
        for (var i = 0; i < gradients.Length; i++)
            addresses[i] = gradients[i];
        MemoryMarshal.AsBytes(pending).CopyTo(_bytes.AsSpan(PendingOffset));
        MemoryMarshal.AsBytes(ruleIndices).CopyTo(_bytes.AsSpan(RuleIndicesOffset));
        _queue.Upload<byte>(_bytes.AsSpan(0, length), _step!.View.BaseView.SubView(0, length));
    }

    public void Dispose()
    {
        _segments?.Dispose();
        _chunks?.Dispose();
        _step?.Dispose();
    }
}
