using System.Buffers.Binary;
using System.Numerics;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Numbers of NumPy: a type, and bytes.</summary>
/// <remarks>
/// Source: https://github.com/numpy/numpy/blob/main/numpy/_core/src/multiarray/descriptor.c, <c>arraydescr_reduce</c>: the state's second item is
/// the byte order.
/// </remarks>
internal static class NumpyScalar
{
    /// <summary>The number that a call of <c>numpy.core.multiarray.scalar</c> stands for; null if it is of another type.</summary>
    public static object? Read(object?[] arguments)
    {
        if (arguments is not [PickleObject { Name: "numpy.dtype", Arguments: [string code, ..] } type, PickleBytes { IsText: false, Content: var content }])
            return null;
        var order = type.State is object?[] and [_, string letter, ..] ? letter : "|";
        if (code.Length != 2 || code[1] - '0' != content.Length || content.Length > sizeof(long) || order is not (">" or "<" or "=" or "|"))
            return null;
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        content.CopyTo(bytes);
        bytes = bytes[..content.Length];
        if (order == ">")
            bytes.Reverse();
        return code switch
        {
            "b1" => bytes[0] != 0,
            "i1" => (long)(sbyte)bytes[0],
            "i2" => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
            "i4" => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            "i8" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            "u1" => (long)bytes[0],
            "u2" => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            "u4" => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            "u8" => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var number && number <= long.MaxValue ? (long)number : new BigInteger(number),
            "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            "f4" => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
            "f8" => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            _ => null,
        };
    }
}
