using System.Runtime.InteropServices;
using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The norm of gradients on an accelerator, where norm and check stay; the host gets to know them later, and does not wait.</summary>
internal sealed class IlgpuGradientNorm : GradientNorm
{
    private readonly IlgpuQueue _queue;
    private readonly int _lag;
    private readonly MemoryBuffer1D<GradientCheck, Stride1D.Dense> _check;
    private readonly MemoryBuffer1D<LossScale, Stride1D.Dense> _noScale;
    private readonly Rotation<GradientReport> _reports = new(MaxInFlight);
    private readonly GradientReport?[] _expected = new GradientReport?[MaxInFlight];
    private MemoryBuffer1D<byte, Stride1D.Dense>? _sums;
    private nint _lossScaleAddress;
    private ArrayView<LossScale> _lossScale;
    private IDisposable? _lossScaleMemory;
    private int _next;
    private int _inFlight;

    /// <summary>Prepares to take norms.</summary>
    /// <param name="queue">Where to launch.</param>
    /// <param name="lag">How many checks are left on their way if nobody waits for them.</param>
    public IlgpuGradientNorm(IlgpuQueue queue, int lag)
    {
        (_queue, _lag) = (queue, lag);
        using var scope = queue.Enter();
        _check = queue.Accelerator.Allocate1D<GradientCheck>(1);
        _noScale = queue.Accelerator.Allocate1D<LossScale>(1);
    }

    /// <summary>The check of the last step.</summary>
    public ArrayView<GradientCheck> Check => _check.View;

    /// <summary>Whether the last step may have been skipped.</summary>
    public bool MaySkip { get; private set; }

    public override int InFlight => _inFlight;

    public override GradientCheck? Take(ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request)
    {
        using var scope = _queue.Enter();
        var step = (IlgpuStep)request.Step;
        switch (request.Order)
        {
            case 1: Take<OneNorm>(step, tables, request); break;
            case 2: Take<TwoNorm>(step, tables, request); break;
            default: Take<MaxNorm>(step, tables, request); break;
        }
        MaySkip = request.LossScale != 0;
        if (MaySkip)
            step.Spoil();
        if (request.IsReported)
            step.Report(this);
        return null;
    }

    public override bool TryRead(bool wait, out GradientCheck check)
    {
        check = default;
        if (_inFlight == 0 || (!wait && _inFlight <= _lag))
            return false;
        using var scope = _queue.Enter();
        var report = _expected[(_next + MaxInFlight - _inFlight) % MaxInFlight]!;
        if (wait)
            _queue.Wait(report.Fence);
        else if (!report.Fence.IsPassed)
            return false;
        check = MemoryMarshal.Read<GradientCheck>(report.Memory.Span);
        report.IsInFlight = false;
        _inFlight--;
        return true;
    }

    public override double ReadNorm()
    {
        using var scope = _queue.Enter();
        var check = default(GradientCheck);
        _queue.CopyToHost(_check.View.BaseView.Cast<byte>(), MemoryMarshal.AsBytes(new Span<GradientCheck>(ref check)));
        return check.Norm;
    }

    public override void Dispose()
    {
        // An accelerator that went first took all with it.
        if (_queue.IsGone)
            return;
        using var scope = _queue.Enter();
        foreach (var report in _reports.All)
        {
            report.Fence.Wait();
            report.Dispose();
        }
        _check.Dispose();
        _noScale.Dispose();
        _lossScaleMemory?.Dispose();
        _sums?.Dispose();
    }

    /// <summary>The loss scale at an address; one that nobody looks at if it is 0.</summary>
    public ArrayView<LossScale> LossScaleAt(nint address)
    {
        if (address == 0)
            return _noScale.View;
        if (_lossScaleAddress != address)
        {
            _lossScaleMemory?.Dispose();
            _lossScale = _queue.At(address, Marshal.SizeOf<LossScale>(), out _lossScaleMemory).Cast<LossScale>();
            _lossScaleAddress = address;
        }
        return _lossScale;
    }

    /// <summary>Memory for a check to come to.</summary>
    public GradientReport CreateReport() => new(new(_queue.Accelerator, Marshal.SizeOf<GradientCheck>()), _queue.CreateFence());

    /// <summary>Has the check brought to the host.</summary>
    public void Download(GradientReport report) => _queue.Download(_check.View.BaseView.Cast<byte>(), report.Memory);

    /// <summary>Has the check brought to the host, and expects it.</summary>
    public void SendReport()
    {
        // There may be as many as may be in flight: there is one that is free, or may be made.
        if (_reports.Next is { IsInFlight: false } report)
            _reports.Advance();
        else
            _reports.Add(report = CreateReport());
        Download(report);
        report.Fence.Record();
        Expect(report);
    }

    /// <summary>Expects a check that is on its way.</summary>
    public void Expect(GradientReport report)
    {
        report.IsInFlight = true;
        _expected[_next] = report;
        _next = (_next + 1) % MaxInFlight;
        _inFlight++;
    }

    private static IlgpuUpdateTable Table(UpdateBatch batch) => batch is IlgpuMatrixUpdateBatch matrices ? matrices.Momentum : ((IlgpuUpdateBatch)batch).Table;

    private void Take<TNorm>(IlgpuStep step, ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request) where TNorm : INorm
    {
        var count = 0;
        foreach (var batch in tables)
            count += Table(batch).Chunks;
        if (_sums is null || _sums.Length < count * sizeof(double))
        {
            _sums?.Dispose();
            _sums = _queue.Allocate(Math.Max(1, count) * sizeof(double));
        }
        var start = 0;
        foreach (var batch in tables)
        {
            var table = Table(batch);
            if (table.Chunks == 0)
                continue;
            step.Add(new NormLaunch<TNorm>(step.Put(table, batch.Gradients, batch.IsRepeated), batch.GradientType, _sums, start));
            start += table.Chunks;
        }
        if (request.Exchange is { } exchange)
        {
            if (!_queue.ReadsTables)
                throw new NotSupportedException("Norms of several processes are for devices that have addresses. An OpenCL device has none: clip by value, and scale no loss.");
            step.End();
            exchange((nint)_sums.NativePtr, count);
            step.Begin();
        }
        var place = step.Block.Put<ScaleRequest>(
            [new() { Scaling = request.Scaling, MaxNorm = request.MaxNorm, IsScaled = request.LossScale == 0 ? 0 : 1, Bit = request.Bit }], 1);
        step.Add(new ScaleLaunch<TNorm>(this, step.Block, place, _sums, count, request.LossScale));
    }
}
