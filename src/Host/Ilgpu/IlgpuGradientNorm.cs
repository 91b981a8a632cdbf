using System.Runtime.InteropServices;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The norm of gradients on an accelerator, where norm and check stay; the host gets to know them later, and does not wait.</summary>
/// <param name="queue">Where to launch.</param>
/// <param name="gate">Held while the device launches.</param>
/// <param name="lag">How many checks are left on their way if nobody waits for them.</param>
internal sealed class IlgpuGradientNorm(IlgpuQueue queue, Lock gate, int lag) : GradientNorm
{
    private readonly MemoryBuffer1D<GradientCheck, Stride1D.Dense> _check = queue.Accelerator.Allocate1D<GradientCheck>(1);
    private readonly MemoryBuffer1D<LossScale, Stride1D.Dense> _noScale = queue.Accelerator.Allocate1D<LossScale>(1);
    private readonly Report?[] _reports = new Report?[MaxInFlight];
    private MemoryBuffer1D<byte, Stride1D.Dense>? _sums;
    private nint _lossScaleAddress;
    private ArrayView<LossScale> _lossScale;
    private IDisposable? _lossScaleMemory;
    private int _next;
    private int _inFlight;

    /// <summary>The check of the last step.</summary>
    public ArrayView<GradientCheck> Check => _check.View;

    /// <summary>Whether the last step may have been skipped.</summary>
    public bool MaySkip { get; private set; }

    public override int InFlight => _inFlight;

    public override GradientCheck? Take(ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request)
    {
        lock (gate)
        {
            switch (request.Order)
            {
                case 1: Take<OneNorm>(tables, request); break;
                case 2: Take<TwoNorm>(tables, request); break;
                default: Take<MaxNorm>(tables, request); break;
            }
            MaySkip = request.LossScale != 0;
            if (request.IsReported)
                SendReport();
        }
        return null;
    }

    public override bool TryRead(bool wait, out GradientCheck check)
    {
        check = default;
        if (_inFlight == 0 || (!wait && _inFlight <= lag))
            return false;
        var report = _reports[(_next + MaxInFlight - _inFlight) % MaxInFlight]!;
        if (wait)
            queue.Wait(report.Fence);
        else if (!report.Fence.IsPassed)
            return false;
        check = MemoryMarshal.Read<GradientCheck>(report.Memory.Span);
        _inFlight--;
        return true;
    }

    public override double ReadNorm()
    {
        var check = default(GradientCheck);
        queue.CopyToHost(_check.View.BaseView.Cast<byte>(), MemoryMarshal.AsBytes(new Span<GradientCheck>(ref check)));
        return check.Norm;
    }

    public override void Dispose()
    {
        // An accelerator that went first took all with it.
        if (queue.Accelerator.IsDisposed)
            return;
        foreach (var report in _reports)
        {
            report?.Fence.Wait();
            report?.Dispose();
        }
        _check.Dispose();
        _noScale.Dispose();
        _lossScaleMemory?.Dispose();
        _sums?.Dispose();
    }

    private static IlgpuUpdateTable Table(UpdateBatch batch) => batch is IlgpuMatrixUpdateBatch matrices ? matrices.Momentum : ((IlgpuUpdateBatch)batch).Table;

    private void Take<TNorm>(ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request) where TNorm : INorm
    {
        var count = 0;
        foreach (var batch in tables)
            count += Table(batch).Chunks;
        if (_sums is null || _sums.Length < count * sizeof(double))
        {
            _sums?.Dispose();
            _sums = queue.Allocate(Math.Max(1, count) * sizeof(double));
        }
        var sums = _sums.View.BaseView.Cast<double>().SubView(0, count);
        var start = 0;
        foreach (var batch in tables)
        {
            var table = Table(batch);
            if (table.Chunks == 0)
                continue;
            table.UploadGradients(batch.Gradients);
            queue.Norm<TNorm>(table, batch.GradientType, sums.SubView(start, table.Chunks));
            start += table.Chunks;
        }
        queue.Scale<TNorm>(sums, request, LossScaleAt(request.LossScale), Check);
    }

    /// <summary>The loss scale at an address; one that nobody looks at if it is 0.</summary>
    private ArrayView<LossScale> LossScaleAt(nint address)
    {
        if (address == 0)
            return _noScale.View;
        if (_lossScaleAddress != address)
        {
            _lossScaleMemory?.Dispose();
            _lossScale = queue.At(address, Marshal.SizeOf<LossScale>(), out _lossScaleMemory).Cast<LossScale>();
            _lossScaleAddress = address;
        }
        return _lossScale;
    }

    private void SendReport()
    {
        var report = _reports[_next] ??= new(queue.Accelerator.AllocatePageLocked1D<byte>(Marshal.SizeOf<GradientCheck>()), queue.CreateFence());
        _next = (_next + 1) % MaxInFlight;
        queue.Download(_check.View.BaseView.Cast<byte>(), report.Memory);
        report.Fence.Record();
        _inFlight++;
    }

    /// <summary>Memory of the host that a check is on its way to, and the point in the stream where it is there.</summary>
    private sealed record Report(PageLockedArray1D<byte> Memory, IlgpuFence Fence) : IDisposable
    {
        public void Dispose()
        {
            Memory.Dispose();
            Fence.Dispose();
        }
    }
}
