using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Scaling;

namespace GpuOptim.Optimizers;

/// <summary>
/// Keeps small gradients of 16-bit training from vanishing: the loss is multiplied by a scale, <see cref="Optimizer.Step"/> undoes it, skips the step if
/// a gradient is not finite, and adapts the scale. All of it is decided on the device, which the host does not wait for.
/// </summary>
/// <remarks>
/// Equals PyTorch's <c>torch.amp.GradScaler</c> to the last bit: a step is its <c>step</c> and <c>update</c>. A step that is skipped changes no
/// parameter and no state, and does not count. A scaler serves one optimizer.
/// Source: P. Micikevicius et al., 2018, https://arxiv.org/abs/1710.03740.
/// </remarks>
public sealed unsafe class GradientScaler : IDisposable
{
    private readonly DeviceBuffer<float> _memory;
    private Optimizer? _optimizer;

    /// <summary>A scaler in a device's memory. Set it as an optimizer's <see cref="Optimizer.GradientScaler"/>.</summary>
    /// <param name="device">The optimizer's device.</param>
    /// <param name="options">How it adapts; as PyTorch's if null.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public GradientScaler(Device device, GradientScalerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        Device = device;
        Options = options ?? new();
        _memory = device.CreateBuffer<float>(sizeof(LossScale) / sizeof(float));
        Scale = _memory.Slice(0, 1);
        Write(new() { Scale = (float)Options.InitialScale });
    }

    /// <summary>The device on which the scale lies.</summary>
    public Device Device { get; }

    /// <summary>How the scale adapts.</summary>
    public GradientScalerOptions Options { get; private set; }

    /// <summary>
    /// The scale, one number in the device's memory, to multiply the loss or its gradient by. It may change with each step: kernels enqueued after one
    /// read it there.
    /// </summary>
    public DeviceBuffer<float> Scale { get; }

    /// <summary>Whether the scaler was disposed of.</summary>
    public bool IsDisposed => _memory.IsDisposed;

    internal nint Address => _memory.Address;

    internal LossScaling Scaling => new(Options.GrowthFactor, Options.BackoffFactor, Options.GrowthInterval);

    /// <summary>The scale. Waits for the device.</summary>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public float ReadScale() => Read().Scale;

    /// <summary>How many steps were skipped. Waits for the device.</summary>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public long ReadSkippedSteps() => Read().SkippedSteps;

    /// <summary>What to go on from later. Waits for the device.</summary>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public GradientScalerState State()
    {
        var now = Read();
        return new(now.Scale, Options.GrowthFactor, Options.BackoffFactor, Options.GrowthInterval, now.GrowthTracker);
    }

    /// <summary>Goes on from a state.</summary>
    /// <param name="state">The state, of this scaler or another.</param>
    /// <exception cref="ArgumentException">Something in the state is out of its range. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public void Load(GradientScalerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var options = Validate(state) with { InitialScale = Options.InitialScale };
        var now = Read();
        Options = options;
        Write(now with { Scale = (float)state.Scale, GrowthTracker = state.GrowthTracker });
    }

    /// <summary>Gives back the device's memory. The optimizer can go on with another scaler, or with none.</summary>
    public void Dispose()
    {
        Scale.Dispose();
        _memory.Dispose();
    }

    /// <summary>The options that a state comes from.</summary>
    /// <exception cref="ArgumentException">Something in the state is out of its range.</exception>
    internal static GradientScalerOptions Validate(GradientScalerState state)
    {
        if (!((float)state.Scale > 0) || !float.IsFinite((float)state.Scale))
            throw new ArgumentOutOfRangeException(nameof(state), state.Scale, "Scale must be finite and above 0.");
        if (state.GrowthTracker < 0 || state.GrowthTracker >= state.GrowthInterval)
            throw new ArgumentOutOfRangeException(nameof(state), state.GrowthTracker, $"GrowthTracker must be at least 0 and less than GrowthInterval, {state.GrowthInterval}.");
        return new() { InitialScale = state.Scale, GrowthFactor = state.GrowthFactor, BackoffFactor = state.BackoffFactor, GrowthInterval = state.GrowthInterval };
    }

    /// <summary>Becomes an optimizer's.</summary>
    internal void Attach(Optimizer optimizer)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Device != optimizer.Device)
            throw new ArgumentException($"GradientScaler must lie on the optimizer's device, '{optimizer.Device.Name}'. Actual device was '{Device.Name}'.", nameof(optimizer));
        if (_optimizer is not null)
            throw new ArgumentException("GradientScaler must serve one optimizer; a ModelOptimizer makes one of several. It serves another already.", nameof(optimizer));
        _optimizer = optimizer;
    }

    /// <summary>Is no optimizer's any more.</summary>
    internal void Detach() => _optimizer = null;

    private LossScale Read()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        var scale = default(LossScale);
        _memory.CopyTo(MemoryMarshal.Cast<LossScale, float>(new Span<LossScale>(ref scale)));
        return scale;
    }

    private void Write(LossScale scale) => _memory.CopyFrom(MemoryMarshal.Cast<LossScale, float>(new ReadOnlySpan<LossScale>(ref scale)));
}
