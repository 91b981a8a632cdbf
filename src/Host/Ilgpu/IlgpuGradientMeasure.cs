using System.Runtime.InteropServices;
using GpuOptim.Kernels.Norms;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The norm of gradients on an accelerator, where norm and factor stay.</summary>
/// <param name="queue">Where to launch.</param>
/// <param name="gate">Held while the device launches.</param>
internal sealed class IlgpuGradientMeasure(IlgpuQueue queue, Lock gate) : GradientMeasure
{
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _result = queue.Allocate(2 * sizeof(double));
    private MemoryBuffer1D<byte, Stride1D.Dense>? _sums;

    /// <summary>The norm, and the factor.</summary>
    public ArrayView<double> Result => _result.View.BaseView.Cast<double>();

    public override float Take(ReadOnlySpan<UpdateBatch> tables, double order, float maxNorm)
    {
        lock (gate)
        {
            switch (order)
            {
                case 1: Take<OneNorm>(tables, maxNorm); break;
                case 2: Take<TwoNorm>(tables, maxNorm); break;
                default: Take<MaxNorm>(tables, maxNorm); break;
            }
        }
        return 1;
    }

    public override double Read()
    {
        var norm = 0.0;
        queue.CopyToHost(_result.NativePtr, MemoryMarshal.AsBytes(new Span<double>(ref norm)));
        return norm;
    }

    public override void Dispose()
    {
        _result.Dispose();
        _sums?.Dispose();
    }

    private static IlgpuUpdateTable Table(UpdateBatch batch) => batch is IlgpuMatrixUpdateBatch matrices ? matrices.Directions : ((IlgpuUpdateBatch)batch).Table;

    private void Take<TNorm>(ReadOnlySpan<UpdateBatch> tables, float maxNorm) where TNorm : INorm
    {
        var count = 0;
        foreach (var batch in tables)
            count += Table(batch).Chunks;
        if (_sums is null || _sums.Length < count * sizeof(double))
        {
            _sums?.Dispose();
            _sums = queue.Allocate(Math.Max(1, count) * sizeof(double));
        }
        if (count == 0)
            return;
        var sums = _sums.View.BaseView.Cast<double>().SubView(0, count);
        var start = 0;
        foreach (var batch in tables)
        {
            var table = Table(batch);
            if (table.Chunks == 0)
                continue;
            table.UploadGradients(batch.Gradients);
            queue.Norm<TNorm>(table, batch.ElementType, sums.SubView(start, table.Chunks));
            start += table.Chunks;
        }
        queue.Scale<TNorm>(sums, maxNorm, Result);
    }
}
