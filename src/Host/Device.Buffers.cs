namespace GpuOptim.Host;

/// <content>Memory: buffers and parameters.</content>
public abstract partial class Device
{
    /// <summary>Memory for some numbers, all zero.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="length">How many; 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> CreateBuffer<T>(long length) where T : unmanaged
    {
        if (length < 0)
            throw new ArgumentOutOfRangeException(nameof(length), length, "length must be at least 0.");
        var bytes = checked(length * ElementTypes.Of<T>().Size());
        return Register(() =>
        {
            var (address, memory) = Allocate(bytes);
            return new DeviceBuffer<T>(this, address, length, memory);
        });
    }

    /// <summary>Memory for some numbers, copied from the host.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="initial">The numbers.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> CreateBuffer<T>(ReadOnlySpan<T> initial) where T : unmanaged
    {
        var buffer = CreateBuffer<T>(initial.Length);
        buffer.CopyFrom(initial);
        return buffer;
    }

    /// <summary>A parameter of zeros that owns its memory.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="name">What it is called, in messages and checkpoints; unique within an optimizer.</param>
    /// <param name="shape">Its extent in each dimension; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is empty or a dimension negative.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public Parameter<T> CreateParameter<T>(string name, ReadOnlySpan<long> shape) where T : unmanaged =>
        new(name, shape, CreateBuffer<T>(Parameter.Volume(name, shape)), ownsData: true);

    /// <summary>A float parameter of zeros that owns its memory.</summary>
    /// <inheritdoc cref="CreateParameter{T}(string, ReadOnlySpan{long})"/>
    public Parameter<float> CreateParameter(string name, ReadOnlySpan<long> shape) => CreateParameter<float>(name, shape);

    /// <summary>A parameter that owns its memory, copied from the host.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="name">What it is called, in messages and checkpoints; unique within an optimizer.</param>
    /// <param name="shape">Its extent in each dimension; empty for a scalar.</param>
    /// <param name="initial">Its first values, row by row; as many as the shape says.</param>
    /// <exception cref="ArgumentException">The name is empty, a dimension negative, or the number of values not the shape's.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public Parameter<T> CreateParameter<T>(string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> initial) where T : unmanaged
    {
        var volume = Parameter.Volume(name, shape);
        if (initial.Length != volume)
            throw new ArgumentException($"Parameter '{name}' of shape {Parameter.Describe(shape)} must have {volume} initial values. Actual number was {initial.Length}.", nameof(initial));
        return new(name, shape, CreateBuffer(initial), ownsData: true);
    }

    /// <summary>Memory for numbers of a type known only when running.</summary>
    internal DeviceBuffer CreateBuffer(ElementType elementType, long length) => elementType switch
    {
        ElementType.Float32 => CreateBuffer<float>(length),
        ElementType.BFloat16 => CreateBuffer<BFloat16>(length),
        ElementType.Float16 => CreateBuffer<Half>(length),
        ElementType.UInt8 => CreateBuffer<byte>(length),
        ElementType.UInt16 => CreateBuffer<ushort>(length),
        _ => throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "There is no such elementType."),
    };

    /// <summary>A view of memory that somebody else owns and answers for; it may move.</summary>
    internal DeviceBuffer View(ElementType elementType, nint address, long length) => elementType switch
    {
        ElementType.Float32 => new DeviceBuffer<float>(this, address, length, memory: null),
        ElementType.BFloat16 => new DeviceBuffer<BFloat16>(this, address, length, memory: null),
        ElementType.Float16 => new DeviceBuffer<Half>(this, address, length, memory: null),
        _ => throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "elementType must be Float32, BFloat16 or Float16."),
    };

    /// <summary>Makes a buffer that goes when the device does.</summary>
    private protected DeviceBuffer<T> Register<T>(Func<DeviceBuffer<T>> create) where T : unmanaged
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            var buffer = create();
            _buffers.Add(buffer);
            return buffer;
        }
    }
}
