using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The tables of an update that orthogonalizes, and the memory that it works in.</summary>
internal sealed class IlgpuMatrixUpdateBatch : MatrixUpdateBatch
{
    private const int Alignment = 256;

    private readonly IlgpuQueue _queue;
    private readonly IDisposable _scratch;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _sums;
    private readonly int _parts;
    private readonly int[] _updateRules;
    private readonly ulong[] _updatePending;

    public IlgpuMatrixUpdateBatch(
        IlgpuQueue queue,
        UpdateTypes types,
        NewtonSchulzOptions orthogonalization,
        NewtonSchulzMethod method,
        int rows,
        int columns,
        ReadOnlySpan<UpdateSegment> segments,
        bool writesDirections,
        nint deviations)
        : base(types, orthogonalization, method, rows, columns, segments, writesDirections, deviations)
    {
        _queue = queue;
        // What measures deviations takes products of matrices in the device's memory.
        IsAtOnce = deviations == 0 && queue.OrthogonalizesAtOnce(Method, WorkType, rows, columns);
        using var scope = queue.Enter();
        var x = new MatrixBatch(0, WorkType, segments.Length, rows, columns);
        var square = x with { Rows = x.Order, Columns = x.Order };
        var isPadded = !IsAtOnce && WorkType.Size() == 2 && queue.RunsTensorCores;
        if (isPadded)
            (x, square) = (TensorProduct.Pad(x, queue.TileDepth), TensorProduct.Pad(square, queue.TileDepth));
        Raw = x with { ElementType = RawType, Stride = 0, Lines = 0 };
        // Where there are zeros between a matrix's rows, directions lie elsewhere until they are normalized, and each row is updated as a tensor;
        // unless normal neurons lie elsewhere again, as floats. So do directions of another type.
        var isSparse = x.Stride != columns;
        var isApart = isSparse || RawType != WorkType;
        // Each batch of matrices begins where a kernel can take 16 bytes at once.
        NewtonSchulzMemory MemoryAt(nint address) => IsAtOnce
            ? NewtonSchulzMemory.CreateInPlace(x with { Address = address }, Alignment)
            : NewtonSchulzMemory.Create(Method, x with { Address = address }, square, Alignment);
        long bytes = MemoryAt(0).End(Method);
        var raw = isApart ? (segments.Length * Raw.Length * RawType.Size() + Alignment - 1) / Alignment * Alignment : 0;
        var neurons = NormalizesNeurons ? segments.Length * Raw.Length * sizeof(float) : 0;
        (var address, _scratch) = queue.AllocateAligned(bytes + raw + neurons + (isPadded ? TensorProduct.BytesBehind(x) : 0));
        Memory = MemoryAt(address);
        Raw = isApart ? Raw with { Address = Memory.End(Method) } : Memory.X;
        if (NormalizesNeurons)
            Neurons = new(queue, rows, segments, Memory.End(Method) + (nint)raw);
        _parts = isSparse && !NormalizesNeurons ? rows : 1;
        var momentum = new UpdateSegment[segments.Length];
        for (var i = 0; i < segments.Length; i++)
            momentum[i] = segments[i] with { Parameter = Raw[i].Address, State1 = 0, Average = 0 };
        Momentum = new(queue, momentum, MomentumTypes.IsEncoded);
        Updates = new(queue, Tensors(segments), UpdateTypes.IsEncoded);
        Directions = new nint[segments.Length * _parts];
        _updateRules = new int[_parts == 1 ? 0 : Directions.Length];
        _updatePending = new ulong[_updateRules.Length];
        if (Momentum.Chunks == 0)
            return;
        _sums = queue.Allocate(Momentum.Chunks * sizeof(double));
        Ops = WorkType switch
        {
            ElementType.Float32 => new IlgpuMatrixOps<Float32Format>(queue, Sums),
            ElementType.BFloat16 => new IlgpuMatrixOps<BFloat16Format>(queue, Sums),
            _ => new IlgpuMatrixOps<Float16Format>(queue, Sums),
        };
    }

    /// <summary>Whether one launch orthogonalizes them.</summary>
    public bool IsAtOnce { get; }

    /// <summary>The directions as they come of gradients and momentum.</summary>
    public MatrixBatch Raw { get; }

    /// <summary>The matrices to orthogonalize, the directions once they are normalized, and where to work.</summary>
    public NewtonSchulzMemory Memory { get; }

    /// <summary>From gradients and momentum to the matrices to orthogonalize.</summary>
    public IlgpuUpdateTable Momentum { get; }

    /// <summary>What normalizes neurons; null if they are not.</summary>
    public IlgpuNeurons? Neurons { get; }

    /// <summary>From the directions to the parameters.</summary>
    public IlgpuUpdateTable Updates { get; }

    /// <summary>Where each direction is, or each of its rows if those are tensors; 0 leaves the parameter as it is.</summary>
    public nint[] Directions { get; }

    /// <summary>For each of those, the index of its rule.</summary>
    public ReadOnlySpan<int> UpdateRules => _parts == 1 ? Rules : _updateRules;

    /// <summary>For each of those, the bits of steps that may have been skipped.</summary>
    public ReadOnlySpan<ulong> UpdatePending => _parts == 1 ? Pending : _updatePending;

    /// <summary>The sums of squares of the directions' chunks; there only if there are chunks.</summary>
    public ArrayView<double> Sums => _sums!.View.BaseView.Cast<double>();

    /// <summary>The operations on the matrices, after their directions were made; there only if there are chunks.</summary>
    public IMatrixOps? Ops { get; }

    /// <summary>The step of an update that is no part of another; null as long as there was none.</summary>
    public IlgpuStep? OwnStep { get; set; }

    /// <summary>Says where the orthogonal matrices are.</summary>
    public void SetDirections(MatrixBatch orthogonal)
    {
        var directions = Neurons is null ? orthogonal : new(Neurons.Result, ElementType.Float32, orthogonal.Count, Rows, Columns);
        for (var i = 0; i < Directions.Length; i++)
        {
            var matrix = i / _parts;
            Directions[i] = Gradients[matrix] == 0 ? 0 : directions[matrix].Address + i % _parts * directions.Stride * directions.ElementType.Size();
            if (_parts > 1)
                (_updateRules[i], _updatePending[i]) = (Rules[matrix], Pending[matrix]);
        }
    }

    public override void Dispose()
    {
        OwnStep?.Dispose();
        if (!_queue.IsGone)
        {
            using var scope = _queue.Enter();
            _sums?.Dispose();
        }
        Neurons?.Dispose();
        Momentum.Dispose();
        Updates.Dispose();
        _scratch.Dispose();
        base.Dispose();
    }

    /// <summary>The tensors that the update takes: the matrices, or all of their rows.</summary>
    private UpdateSegment[] Tensors(ReadOnlySpan<UpdateSegment> matrices)
    {
        var tensors = new UpdateSegment[matrices.Length * _parts];
        for (var i = 0; i < tensors.Length; i++)
        {
            var matrix = matrices[i / _parts];
            var length = matrix.Length / _parts;
            var start = (nint)(i % _parts * length);
            nint At(nint address, int size) => address == 0 ? 0 : address + start * size;
            // State is the first half's.
            tensors[i] = new(At(matrix.Parameter, UpdateTypes.Element.Size()), 0, 0, 0, length)
            {
                Average = At(matrix.Average, ElementType.Size()),
                Rest = At(matrix.Rest, Codec.Of(Types.Rounding, ElementType).CompanionSize),
                RandomKey = matrix.RandomKey,
                WholeStart = matrix.WholeStart + start,
            };
        }
        return tensors;
    }
}
