using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>The norm of gradients on the CPU.</summary>
/// <param name="workers">The threads that share the work.</param>
internal sealed unsafe class SimdGradientNorm(Workers workers) : GradientNorm
{
    private readonly Queue<GradientCheck> _checks = new(1);
    private double[] _sums = [];
    private double _norm;

    public override int InFlight => _checks.Count;

    public override GradientCheck? Take(ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request)
    {
        var norm = request.Order switch
        {
            1 => Take<OneNorm>(tables, request.Exchange),
            2 => Take<TwoNorm>(tables, request.Exchange),
            _ => Take<MaxNorm>(tables, request.Exchange),
        };
        var check = new GradientCheck { InverseScale = 1, Bit = request.Bit };
        if (request.LossScale != 0)
        {
            ref var scale = ref *(LossScale*)request.LossScale;
            check.InverseScale = scale.InverseScale;
            check.FoundInf = double.IsFinite(norm) ? 0 : 1;
            scale = scale.After(check.FoundInf != 0, request.Bit, request.Scaling);
            check.FoundInfs = scale.FoundInfs;
        }
        check.Norm = _norm = norm * check.InverseScale;
        Floats1.Store(ClipFactor.Of<Floats1>((float)_norm, request.MaxNorm), &check.ClipCoefficient);
        if (request.IsReported)
            _checks.Enqueue(check);
        return check;
    }

    public override bool TryRead(bool wait, out GradientCheck check) => _checks.TryDequeue(out check);

    public override double ReadNorm() => _norm;

    public override void Dispose()
    {
    }

    private double Take<TNorm>(ReadOnlySpan<UpdateBatch> tables, Action<nint, int>? exchange) where TNorm : INorm
    {
        var count = 0;
        foreach (var table in tables)
            count += table.NormStarts[^1];
        if (_sums.Length < count)
            _sums = new double[count];
        fixed (double* sums = _sums)
        {
            new NormJob<TNorm>(tables, sums).Run(workers, count);
            exchange?.Invoke((nint)sums, count);
        }
        var norm = TNorm.Finish(ChunkedNorm<TNorm>.Fold(_sums.AsSpan(0, count)));
        // Of NaNs the one that can be rounded to 16 bits, see IVector.
        return double.IsNaN(norm) ? double.NaN : norm;
    }
}
