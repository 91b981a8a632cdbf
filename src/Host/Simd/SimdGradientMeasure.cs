using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>The norm of gradients on the CPU.</summary>
/// <param name="workers">The threads that share the work.</param>
internal sealed unsafe class SimdGradientMeasure(Workers workers) : GradientMeasure
{
    private readonly Queue<GradientVerdict> _verdicts = new(1);
    private double[] _sums = [];
    private double _norm;

    public override int InFlight => _verdicts.Count;

    public override GradientVerdict? Take(ReadOnlySpan<UpdateBatch> tables, in MeasureRequest request)
    {
        var norm = request.Order switch
        {
            1 => Take<OneNorm>(tables),
            2 => Take<TwoNorm>(tables),
            _ => Take<MaxNorm>(tables),
        };
        var verdict = new GradientVerdict { Unscale = 1, Bit = request.Bit };
        if (request.LossScale != 0)
        {
            ref var scale = ref *(LossScale*)request.LossScale;
            verdict.Unscale = scale.Unscale;
            verdict.IsSkipped = double.IsFinite(norm) ? 0 : 1;
            scale = scale.After(verdict.IsSkipped != 0, request.Bit, request.Scaling);
            verdict.Skips = scale.Skips;
        }
        verdict.Norm = _norm = norm * verdict.Unscale;
        Floats1.Store(ClipFactor.Of<Floats1>((float)_norm, request.MaxNorm), &verdict.Factor);
        if (request.IsReported)
            _verdicts.Enqueue(verdict);
        return verdict;
    }

    public override bool TryRead(bool wait, out GradientVerdict verdict) => _verdicts.TryDequeue(out verdict);

    public override double ReadNorm() => _norm;

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
                    else if (table.GradientType == ElementType.Float32)
                        ChunkedNorm<Float32Format, TNorm>.RunChunks(workers, (void*)table.Gradients[i], table.Lengths[i], next);
                    else if (table.GradientType == ElementType.BFloat16)
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
