using System.Runtime.InteropServices;
using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>A tensor of optimizer state on the host.</summary>
public sealed class StateTensor
{
    private readonly byte[] _bytes;
    private readonly long[] _shape;

    private StateTensor(ElementType elementType, ReadOnlySpan<long> shape, byte[] bytes)
    {
        ElementType = elementType;
        _shape = shape.ToArray();
        _bytes = bytes;
    }

    /// <summary>The type of the numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>Extent in each dimension; the parameter's.</summary>
    public IReadOnlyList<long> Shape => _shape;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A tensor of given numbers.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="shape">Extent in each dimension.</param>
    /// <param name="values">The numbers, row by row; they are copied.</param>
    /// <exception cref="ArgumentException">There are not as many numbers as the shape says.</exception>
    public static StateTensor Create<T>(ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var volume = Parameter.Volume("state", shape);
        if (values.Length != volume)
            throw new ArgumentException($"A tensor of shape {Parameter.Describe(shape)} must have {volume} values. Actual number was {values.Length}.", nameof(values));
        return new(ElementTypes.Of<T>(), shape, MemoryMarshal.AsBytes(values).ToArray());
    }

    /// <summary>The numbers, row by row.</summary>
    /// <typeparam name="T">The type that <see cref="ElementType"/> says.</typeparam>
    /// <exception cref="InvalidOperationException">The numbers are of another type.</exception>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged =>
        ElementTypes.Of<T>() == ElementType
            ? MemoryMarshal.Cast<byte, T>(_bytes)
            : throw new InvalidOperationException($"The tensor's element type is {ElementType}. Actual type asked for was {typeof(T).Name}.");

    internal static StateTensor CopyOf(DeviceBuffer buffer, ReadOnlySpan<long> shape)
    {
        var bytes = new byte[buffer.SizeInBytes];
        buffer.CopyBytesTo(bytes);
        return new(buffer.ElementType, shape, bytes);
    }
}
