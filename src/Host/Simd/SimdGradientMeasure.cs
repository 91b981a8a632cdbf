using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>The norm of gradients on the CPU.</summary>
/// <param name="workers">The threads that share the work.</param>
internal sealed unsafe class SimdGradientMeasure(Workers workers) : GradientMeasure
{
    private double[] _sums = [];
    private double _norm;

    public override float Take(ReadOnlySpan<UpdateBatch> tables, double order, float maxNorm)
    {
        _norm = order switch
        {
            1 => Take<OneNorm>(tables),
            2 => Take<TwoNorm>(tables),
            _ => Take<MaxNorm>(tables),
        };
        float factor;
        Floats1.Store(ClipFactor.Of<Floats1>((float)_norm, maxNorm), &factor);
        return factor;
    }

    public override double Read() => _norm;

    public override void Dispose()
    {
    }

    private double Take<TNorm>(ReadOnlySpan<UpdateBatch> tables) where TNorm : INorm
    {
        var count = 0L;
        foreach (var table in tables)
        {
            foreach (var length in table.Lengths)
                count += NormOrder.Chunks(length);
        }
        if (_sums.Length < count)
            _sums = new double[count];
        fixed (double* sums = _sums)
        {
            var next = sums;
            foreach (var table in tables)
            {
                for (var i = 0; i < table.Count; i++)
                {
                    var chunks = (int)NormOrder.Chunks(table.Lengths[i]);
                    if (table.Gradients[i] == 0)
                        new Span<double>(next, chunks).Clear();
                    else if (table.ElementType == ElementType.Float32)
                        ChunkedNorm<Float32Format, TNorm>.RunChunks(workers, (void*)table.Gradients[i], table.Lengths[i], next);
                    else if (table.ElementType == ElementType.BFloat16)
                        ChunkedNorm<BFloat16Format, TNorm>.RunChunks(workers, (void*)table.Gradients[i], table.Lengths[i], next);
                    else
                        ChunkedNorm<Float16Format, TNorm>.RunChunks(workers, (void*)table.Gradients[i], table.Lengths[i], next);
                    next += chunks;
                }
            }
        }
        return TNorm.Finish(ChunkedNorm<TNorm>.Fold(_sums.AsSpan(0, (int)count)));
    }
}
