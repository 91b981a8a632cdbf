using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using TorchSharp;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.TorchSharp;

/// <summary>A parameter of TorchSharp's and the optimizer's view of it: the same memory.</summary>
internal abstract class TensorBinding : IDisposable
{
    private protected TensorBinding(string name, TorchParameter tensor) => (Name, Tensor, Shape) = (name, tensor, tensor.shape);

    public string Name { get; }

    public TorchParameter Tensor { get; }

    /// <summary>What the optimizer knows it as.</summary>
    public abstract Parameter Parameter { get; }

    private protected long[] Shape { get; }

    /// <summary>Binds a parameter.</summary>
    /// <param name="device">The device that its memory is on.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="tensor">The parameter.</param>
    /// <exception cref="NotSupportedException">It is of a type, a layout or on a device that optimizers do not take.</exception>
    /// <exception cref="ArgumentException">It was disposed of.</exception>
    public static TensorBinding Create(Device device, string name, TorchParameter tensor)
    {
        ThrowIfUnfit(device, name, tensor);
        return TensorMemory.TypeOf(tensor) switch
        {
            ElementType.BFloat16 => new TensorBinding<BFloat16>(device, name, tensor),
            ElementType.Float16 => new TensorBinding<Half>(device, name, tensor),
            _ => new TensorBinding<float>(device, name, tensor),
        };
    }

    /// <summary>Opens the device on which a tensor's memory is.</summary>
    /// <exception cref="NotSupportedException">It is neither the CPU nor a CUDA card.</exception>
    public static Device Open(string name, torch.Tensor tensor) => tensor.device_type switch
    {
        DeviceType.CPU => new SimdDevice(torch.get_num_threads()),
        DeviceType.CUDA => IlgpuDevice.OpenPrimary(tensor.device_index),
        var other => throw new NotSupportedException($"Parameter '{name}' must be on the CPU or on a CUDA card. Actual device was {other}."),
    };

    /// <summary>Finds data and gradient again.</summary>
    /// <exception cref="ObjectDisposedException">The parameter was disposed of.</exception>
    /// <exception cref="NotSupportedException">It is another than it was, or its gradient is none that can be taken.</exception>
    public abstract void Read();

    /// <summary>Refuses a tensor that is gone, by its name.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public void ThrowIfGone()
    {
        if (Tensor.IsInvalid)
            throw new ObjectDisposedException(Name, $"Parameter '{Name}' was disposed of, or replaced, as model.to(…) does: make the optimizer after that.");
    }

    /// <summary>Lets go of the tensor's memory.</summary>
    public abstract void Dispose();

    private protected static void ThrowIfUnfit(Device device, string name, TorchParameter tensor)
    {
        if (TensorMemory.TypeOf(tensor) is null)
            throw new NotSupportedException($"Parameter '{name}' must be Float32, BFloat16 or Float16. Actual type was {tensor.dtype}.");
        if (tensor.device_type != (device is SimdDevice ? DeviceType.CPU : DeviceType.CUDA))
            throw new NotSupportedException($"Parameter '{name}' must be on the device of the others. Actual device was {tensor.device}.");
        TensorMemory.ThrowIfScattered($"Parameter '{name}'", tensor);
    }
}

/// <inheritdoc cref="TensorBinding"/>
/// <typeparam name="T">The type of its elements.</typeparam>
internal sealed class TensorBinding<T> : TensorBinding where T : unmanaged
{
    private readonly Device _device;
    private readonly Parameter<T> _parameter;
    private readonly torch.ScalarType _type;
    private DeviceBuffer<T>? _gradient;

    public TensorBinding(Device device, string name, TorchParameter tensor)
        : base(name, tensor)
    {
        (_device, _type) = (device, tensor.dtype);
        _parameter = new(name, Shape, Wrap(TensorMemory.AddressOf(tensor), Shape.Aggregate(1L, (volume, extent) => volume * extent)));
        _parameter.ReleaseGradient();
        _parameter.Locate = Locate;
    }

    public override Parameter Parameter => _parameter;

    public override void Read()
    {
        Locate();
        using var gradient = Tensor.grad;
        if (gradient is null)
        {
            _parameter.ReleaseGradient();
            return;
        }
        // A sparse tensor has no address, and libtorch would say so by an exception. TorchSharp lets any tensor be a gradient.
        if (gradient.is_sparse || !gradient.is_contiguous())
            TensorMemory.ThrowIfScattered($"The gradient of parameter '{Name}'", gradient);
        if (gradient.dtype != _type || gradient.numel() != _parameter.Length || gradient.device_type != Tensor.device_type)
            throw new NotSupportedException($"The gradient of parameter '{Name}' must be {_type} of shape {TensorMemory.Describe(Shape)}, on {Tensor.device}. Actual one was {gradient.dtype} of shape {TensorMemory.Describe(gradient.shape)}, on {gradient.device}.");
        var address = TensorMemory.AddressOf(gradient);
        if (_gradient is null)
            _gradient = Wrap(address, _parameter.Length);
        else
            _gradient.MoveTo(address);
        _parameter.Gradient = _gradient;
        _parameter.HasGradient = true;
    }

    public override void Dispose()
    {
        _parameter.Data.Dispose();
        _parameter.Dispose();
        _gradient?.Dispose();
    }

    /// <summary>Finds the data again.</summary>
    private void Locate()
    {
        ThrowIfGone();
        var address = TensorMemory.AddressOf(Tensor);
        if (address != _parameter.Data.Address || Tensor.dtype != _type || Tensor.numel() != _parameter.Length || !Tensor.is_contiguous())
            Follow(address);
    }

    /// <summary>The parameter's memory is elsewhere, or seen otherwise: if it still is the tensor that it was, the optimizer goes with it.</summary>
    private void Follow(nint address)
    {
        ThrowIfUnfit(_device, Name, Tensor);
        if (Tensor.dtype != _type || !Tensor.shape.AsSpan().SequenceEqual(Shape))
            throw new NotSupportedException($"Parameter '{Name}' must stay {_type} of shape {TensorMemory.Describe(Shape)}. It is {Tensor.dtype} of shape {TensorMemory.Describe(Tensor.shape)} now: make the optimizer after model.to(…).");
        _parameter.Data.MoveTo(address);
    }

    private unsafe DeviceBuffer<T> Wrap(nint address, long length) => _device is SimdDevice simd
        ? simd.Wrap((T*)address, length)
        : ((IlgpuDevice)_device).Wrap<T>(address, length);
}
