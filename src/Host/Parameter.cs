namespace GpuOptim.Host;

/// <summary>
/// A tensor that is trained: its name, its shape, its numbers and their gradient, in the memory of one device.
/// </summary>
public abstract class Parameter : IDisposable
{
    private readonly long[] _shape;

    private protected Parameter(string name, ReadOnlySpan<long> shape, DeviceBuffer data)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        _shape = shape.ToArray();
        Length = Volume(name, shape);
        if (data.Length != Length)
            throw new ArgumentException($"Parameter '{name}' of shape {Describe(shape)} must have {Length} elements of data. Actual length was {data.Length}.", nameof(data));
    }

    /// <summary>What it is called, in messages and checkpoints; unique within an optimizer.</summary>
    public string Name { get; }

    /// <summary>Its extent in each dimension; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>How many elements there are.</summary>
    public long Length { get; }

    /// <summary>The type of data and gradient.</summary>
    public ElementType ElementType => Data.ElementType;

    /// <summary>Where it lies.</summary>
    public Device Device => Data.Device;

    /// <summary>The numbers that are trained.</summary>
    public abstract DeviceBuffer Data { get; }

    /// <summary>
    /// Whether there is a gradient for the next step. If not, an optimizer skips the parameter, as PyTorch does where <c>grad</c> is
    /// <c>None</c>: it stays as it is, and so do its state and its step count.
    /// </summary>
    public bool HasGradient
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Device.CountChange();
        }
    } = true;

    /// <summary>
    /// Which rows of a larger tensor this is, where an engine has cut that one between processes: for a <c>ShardedOptimizer</c>, whose norms,
    /// averages and matrices are those of the whole; other optimizers take the slice for all there is, and Muon refuses it. Null, as at first, if the parameter is a tensor of its own. Set it before an optimizer gets the parameter.
    /// </summary>
    /// <exception cref="ArgumentException">The slice's rows are not of the parameter's shape, or not in the tensor.</exception>
    public ParameterSlice? Slice
    {
        get;
        set
        {
            value?.ThrowIfUnfit(this);
            field = value;
        }
    }

    /// <summary>
    /// Finds the data again, or refuses what has become of them: for engines whose tensors move. Called before data are used outside of a step.
    /// </summary>
    internal Action? Locate { get; set; }

    /// <summary>Lets go of the gradient's memory: there is no gradient until <c>Gradient</c> is set, and <see cref="HasGradient"/>.</summary>
    public abstract void ReleaseGradient();

    /// <summary>The gradient, whatever its type.</summary>
    internal abstract DeviceBuffer GradientBuffer { get; }

    /// <summary>The sum of gradients that optimizers take for the gradient; null if they take the gradient itself.</summary>
    internal DeviceBuffer<float>? GradientSum
    {
        get;
        set
        {
            field = value;
            Device.CountChange();
        }
    }

    /// <summary>The type of what optimizers take for the gradient.</summary>
    internal virtual ElementType GradientType => GradientSum?.ElementType ?? ElementType;

    /// <summary>Whether its memory is another's at other times of a step.</summary>
    internal virtual bool TakesTurns => false;

    /// <summary>The bucket that it travels in; 0 where nothing travels.</summary>
    internal int Bucket { get; init; }

    /// <summary>The shape of the tensor that this is, or is a slice of.</summary>
    internal IReadOnlyList<long> WholeShape => Slice?.Shape ?? Shape;

    /// <summary>How many elements that has.</summary>
    internal long WholeLength => Slice is { } slice ? Volume(Name, [.. slice.Shape]) : Length;

    /// <summary>Where in it this begins.</summary>
    internal long WholeStart => Slice is { Start: > 0 } slice ? slice.Start * (WholeLength / slice.Shape[0]) : 0;

    /// <summary>The parameter that this is all of or a piece of, and where in its whole tensor it begins: what the tensor's state and random numbers go by.</summary>
    internal virtual (Parameter Parameter, long Start) Origin => (this, WholeStart);

    /// <summary>Zeroes the gradient, if there is memory for one yet.</summary>
    internal abstract void ClearGradient();

    /// <summary>Gives back the memory that the parameter owns.</summary>
    public abstract void Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Describe(_shape)} {ElementType}";

    /// <summary>The number of elements of a shape.</summary>
    internal static long Volume(string name, ReadOnlySpan<long> shape)
    {
        var volume = 1L;
        foreach (var extent in shape)
        {
            if (extent < 0)
                throw new ArgumentOutOfRangeException(nameof(shape), extent, $"Every dimension of parameter '{name}' must be at least 0.");
            try
            {
                volume = checked(volume * extent);
            }
            catch (OverflowException)
            {
                throw new ArgumentOutOfRangeException(nameof(shape), Describe(shape), $"Parameter '{name}' has more elements than can be addressed.");
            }
        }
        return volume;
    }

    internal static string Describe(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}

/// <summary>A tensor of numbers of type <typeparamref name="T"/> that is trained.</summary>
/// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
public sealed class Parameter<T> : Parameter where T : unmanaged
{
    private readonly Lock _creation = new();
    private readonly bool _ownsData;
    private DeviceBuffer<T>? _gradient;
    private DeviceBuffer<T>? _ownGradient;

    /// <summary>A parameter in memory that is the caller's: wrapped by <c>SimdDevice.Wrap</c>.</summary>
    /// <param name="name">What it is called; not empty.</param>
    /// <param name="shape">Its extent in each dimension.</param>
    /// <param name="data">The numbers; as many as the shape says.</param>
    /// <param name="gradient">Their gradient; null to let the parameter make one when it is first asked for.</param>
    /// <exception cref="ArgumentException">The name is empty, or a buffer's length is not the shape's.</exception>
    public Parameter(string name, ReadOnlySpan<long> shape, DeviceBuffer<T> data, DeviceBuffer<T>? gradient = null)
        : this(name, shape, data, ownsData: false)
    {
        if (gradient is not null)
            Gradient = gradient;
    }

    internal Parameter(string name, ReadOnlySpan<long> shape, DeviceBuffer<T> data, bool ownsData)
        : base(name, shape, data ?? throw new ArgumentNullException(nameof(data)))
    {
        Data = data;
        _ownsData = ownsData;
    }

    /// <inheritdoc/>
    public override DeviceBuffer<T> Data { get; }

    /// <summary>
    /// The gradient of the loss with respect to <see cref="Data"/>: written by the engine, read by the optimizer. Made, with zeros, when
    /// first asked for; or set to a buffer of the engine's, as often as every step.
    /// </summary>
    /// <exception cref="ArgumentException">The gradient set has another length, lies on another device, or shares memory with the data.</exception>
    public DeviceBuffer<T> Gradient
    {
        get => Volatile.Read(ref _gradient) ?? CreateGradient();
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Length != Length)
                throw new ArgumentException($"The gradient of parameter '{Name}' must have {Length} elements, as its data has. Actual length was {value.Length}.", nameof(value));
            if (value.Device != Device)
                throw new ArgumentException($"The gradient of parameter '{Name}' must lie on its device, '{Device.Name}'. Actual device was '{value.Device.Name}'.", nameof(value));
            if (value.Address < Data.Address + (nint)Data.SizeInBytes && Data.Address < value.Address + (nint)value.SizeInBytes)
                throw new ArgumentException($"The gradient of parameter '{Name}' must not share memory with its data. Actual addresses were 0x{value.Address:x} and 0x{Data.Address:x}.", nameof(value));
            if (Volatile.Read(ref _gradient) == value)
                return;
            Volatile.Write(ref _gradient, value);
            Device.CountChange();
        }
    }

    internal override DeviceBuffer GradientBuffer => Gradient;

    /// <inheritdoc/>
    public override void ReleaseGradient()
    {
        HasGradient = false;
        if (Volatile.Read(ref _gradient) is null)
            return;
        Volatile.Write(ref _gradient, null);
        Device.CountChange();
    }

    internal override void ClearGradient() => _gradient?.Clear();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_ownsData)
            Data.Dispose();
        _ownGradient?.Dispose();
    }

    /// <summary>Makes the gradient; once, although the engine's threads may all ask for it first.</summary>
    private DeviceBuffer<T> CreateGradient()
    {
        lock (_creation)
        {
            if (_gradient is null)
            {
                _ownGradient?.Clear();
                Volatile.Write(ref _gradient, _ownGradient ??= Device.CreateBuffer<T>(Length));
            }
            return _gradient;
        }
    }
}
