using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>A tensor of optimizer state on the host.</summary>
public sealed class StateTensor
{
    /// <summary>Bytes that are on their way at a time.</summary>
    internal const int PieceLength = 1 << 22;

    private readonly long[] _shape;

    internal StateTensor(ElementType elementType, ReadOnlySpan<long> shape, TensorBytes bytes)
    {
        ElementType = elementType;
        _shape = shape.ToArray();
        Bytes = bytes;
    }

    /// <summary>The type of the numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>Extent in each dimension; the parameter's, but scales are a list.</summary>
    public IReadOnlyList<long> Shape => _shape;

    internal TensorBytes Bytes { get; }

    /// <summary>A tensor of given numbers.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/>, <see cref="Half"/>, <see cref="byte"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="shape">Extent in each dimension.</param>
    /// <param name="values">The numbers, row by row; they are copied.</param>
    /// <exception cref="ArgumentException">There are not as many numbers as the shape says.</exception>
    public static StateTensor Create<T>(ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var volume = Parameter.Volume("state", shape);
        if (values.Length != volume)
            throw new ArgumentException($"A tensor of shape {Parameter.Describe(shape)} must have {volume} values. Actual number was {values.Length}.", nameof(values));
        return new(ElementTypes.Of<T>(), shape, new TensorBytes.OnHost(MemoryMarshal.AsBytes(values).ToArray()));
    }

    /// <summary>The numbers, row by row.</summary>
    /// <typeparam name="T">The type that <see cref="ElementType"/> says.</typeparam>
    /// <exception cref="InvalidOperationException">The numbers are of another type.</exception>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged =>
        ElementTypes.Of<T>() == ElementType
            ? MemoryMarshal.Cast<byte, T>(Bytes.ToArray())
            : throw new InvalidOperationException($"The tensor's element type is {ElementType}. Actual type asked for was {typeof(T).Name}.");

    /// <summary>What a buffer holds now.</summary>
    internal StateTensor Copy() => new(ElementType, _shape, new TensorBytes.OnHost(Bytes.ToArray()));

    /// <summary>The same floats as numbers of another type of float, each rounded to the nearest.</summary>
    internal StateTensor As(ElementType type) => type == ElementType ? this : new(type, _shape, new ConvertedBytes(Bytes, $"{ElementType}", type));

    /// <summary>A part of the numbers.</summary>
    /// <param name="start">The first of them.</param>
    /// <param name="shape">The part's shape.</param>
    internal StateTensor Part(long start, IReadOnlyList<long> shape)
    {
        var length = Parameter.Volume("state", [.. shape]) * ElementType.Size();
        return length == Bytes.Length ? this : new(ElementType, [.. shape], new TensorBytes.Part(Bytes, start * ElementType.Size(), length));
    }

    /// <summary>Writes the numbers to a buffer, piece by piece.</summary>
    internal void CopyTo(DeviceBuffer buffer)
    {
        var piece = new byte[Math.Min(Bytes.Length, PieceLength)];
        for (var offset = 0L; offset < Bytes.Length; offset += piece.Length)
        {
            var part = piece.AsSpan(0, (int)Math.Min(piece.Length, Bytes.Length - offset));
            Bytes.Read(offset, part);
            buffer.Device.CopyFromHost(part, buffer.Address + (nint)offset);
        }
    }
}
