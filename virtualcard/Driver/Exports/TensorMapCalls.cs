using System.Runtime.InteropServices;
using VirtualCard.Execution.Async;

namespace VirtualCard.Driver.Exports;

/// <summary>What tells tensor copies where an array lies.</summary>
internal static unsafe class TensorMapCalls
{
    private const int Alignment = 64;

    private const int Hopper = 90;

    // Bytes of an element by the number of its type, and of a swizzle.
    private static readonly int[] _sizes = [1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4];

    private static readonly int[] _swizzles = [0, 32, 64, 128];

    [UnmanagedCallersOnly(EntryPoint = "cuTensorMapEncodeTiled")]
    private static Result EncodeTiled(
        byte* map, int type, uint rank, ulong address, ulong* extents, ulong* strides, uint* box, uint* elementStrides, int interleave, int swizzle, int promotion, int fill) =>
        Entry.InContext("cuTensorMapEncodeTiled", context =>
        {
            DeviceCalls.CheckOutput(map);
            if (context.Card.Model.Architecture < Hopper)
                throw new DriverException(Result.NotSupported, $"{context.Card} is sm_{context.Card.Model.Architecture}, and has no tensor copies");
            if ((nuint)map % Alignment != 0)
                throw new DriverException(Result.InvalidValue, $"the map 0x{(nuint)map:x} is no multiple of {Alignment}");
            if (rank is < 1 or > 5 || extents == null || strides == null && rank > 1 || box == null || elementStrides == null)
                throw new DriverException(Result.InvalidValue, $"rank {rank}, or a pointer is null");
            if (type < 0 || type >= _sizes.Length || swizzle < 0 || swizzle >= _swizzles.Length || promotion is < 0 or > 3)
                throw new DriverException(Result.InvalidValue, $"there is no type {type}, swizzle {swizzle} or promotion {promotion}");
            if (interleave != 0 || fill != 0 || new ReadOnlySpan<uint>(elementStrides, (int)rank).ContainsAnyExcept(1u))
                throw new DriverException(Result.NotSupported, "interleaving, NaNs outside and strides of elements are not modelled");
            CheckExtents(rank, address, extents, strides, _sizes[type]);
            try
            {
                TensorMap encoded = new(
                    address, _sizes[type], [.. new ReadOnlySpan<ulong>(extents, (int)rank).ToArray().Select(extent => (uint)extent)],
                    new(strides, (int)rank - 1), new(box, (int)rank), _swizzles[swizzle]);
                encoded.Encode().CopyTo(new Span<byte>(map, TensorMap.Bytes));
                return Result.Success;
            }
            catch (ArgumentException exception)
            {
                throw new DriverException(Result.InvalidValue, exception.Message);
            }
        });

    /// <exception cref="DriverException">The array is not all in one allocation.</exception>
    private static void CheckExtents(uint rank, ulong address, ulong* extents, ulong* strides, int elementBytes)
    {
        UInt128 bytes = 0;
        for (var i = 0u; i < rank; i++)
        {
            if (extents[i] is 0 or > uint.MaxValue)
                throw new DriverException(Result.InvalidValue, $"the extent {i} is {extents[i]}");
            bytes += (UInt128)(extents[i] - 1) * (i == 0 ? (ulong)elementBytes : strides[i - 1]);
        }
        bytes += (UInt128)elementBytes;
        var place = Place.Find(address, bytes > ulong.MaxValue ? ulong.MaxValue : (ulong)bytes, "array");
        if (!place.IsDevice)
            throw new DriverException(Result.InvalidValue, $"the array {place} is not in the memory of a card");
    }
}
