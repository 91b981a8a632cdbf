using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Scaling;

namespace GpuOptim.Optimizers;

/// <content>What is done to gradients before rules see them: clipping, unscaling; and what became of steps that the device may have skipped.</content>
public abstract partial class Optimizer
{
    private readonly List<UpdateBatch> _tables = [];
    private GradientNorm? _norm;
    private long _scaledSteps;

    /// <summary>How gradients are clipped; null, as at first, if they are not. Of a <see cref="ModelOptimizer"/>, what counts is its own.</summary>
    public GradientClipping? GradientClipping { get; set; }

    /// <summary>
    /// What undoes the scale of the loss that gradients were taken of, and has steps skipped whose gradients are not finite; null, as at first, if the
    /// loss is not scaled. Of a <see cref="ModelOptimizer"/>, what counts is its own.
    /// </summary>
    /// <exception cref="ArgumentException">The scaler is another optimizer's, or lies on another device.</exception>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public GradientScaler? GradientScaler
    {
        get;
        set
        {
            if (value == field)
                return;
            value?.Attach(this);
            ReadChecks(wait: true);
            field?.Detach();
            field = value;
        }
    }

    /// <summary>The norm of all gradients at the last step, unscaled, before they were clipped by it. Waits for the device.</summary>
    /// <exception cref="InvalidOperationException">No step has clipped by a norm, or had a gradient scaler, yet.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed of.</exception>
    public double ReadGradientNorm()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _norm is not null ? _norm.ReadNorm() : throw new InvalidOperationException("There must have been a step with a GradientScaler, or with GradientClipping by norm. There was none.");
    }

    /// <summary>Takes in what became of earlier steps, as far as that is known.</summary>
    /// <param name="wait">Whether to wait for the device until all of it is.</param>
    private protected void ReadChecks(bool wait)
    {
        Owner?.ReadChecks(wait: true);
        while (_norm is { InFlight: > 0 } norm && norm.TryRead(wait || norm.InFlight == GradientNorm.MaxInFlight, out var check))
        {
            ResolveStep(check.Bit, check.FoundInf != 0);
            Telemetry.StepChecked(this, Device.Logger, check);
        }
    }

    /// <summary>Takes the norm of the gradients, if it is asked for.</summary>
    /// <param name="step">The step.</param>
    /// <param name="exchange">Adds up what other processes know of the norm: how many doubles, and where they lie; null if there are none.</param>
    private protected StepContext NormGradients(DeviceStep step, Action<nint, int>? exchange = null)
    {
        var limit = (float)(GradientClipping?.MaxValue ?? double.PositiveInfinity);
        if (GradientClipping?.MaxNorm is null && GradientScaler is null)
            return new(GradientClipping is null ? null : new(1, 1, limit), null, null, false);

        _tables.Clear();
        Collect(_tables);
        _norm ??= Device.CreateGradientNorm();
        int? bit = GradientScaler is null ? null : (int)(_scaledSteps++ % 64);
        var request = new GradientNormRequest(
            GradientClipping?.Order ?? 2,
            (float)(GradientClipping?.MaxNorm ?? double.PositiveInfinity),
            GradientScaler?.Address ?? 0,
            GradientScaler?.Scaling ?? default,
            bit ?? 0,
            IsReported: bit is not null || Telemetry.ListensToNorms)
        {
            Step = step,
            Exchange = exchange,
        };
        if (_norm.Take(CollectionsMarshal.AsSpan(_tables), request) is { } check)
            return new(new(check.InverseScale, check.ClipCoefficient, limit), null, bit, check.FoundInf != 0);
        if (exchange is null || bit is null)
            return new(new(1, 1, limit), _norm, bit, false);

        // What processes do next depends on the outcome: they wait for it.
        step.End();
        step.Begin();
        GradientCheck last = default;
        while (_norm.TryRead(wait: true, out check))
        {
            last = check;
            Telemetry.StepChecked(this, Device.Logger, last);
        }
        return new(new(last.InverseScale, last.ClipCoefficient, limit), null, null, last.FoundInf != 0);
    }
}
