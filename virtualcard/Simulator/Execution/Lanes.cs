using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VirtualCard.Execution;

/// <summary>The 32 lanes of a register: a row of numbers, lane after lane; those of a predicate are the bits of a word.</summary>
internal static unsafe class Lanes
{
    public const int Count = 32;

    public const uint All = uint.MaxValue;

    /// <summary>Bytes of a register whose lanes are so large; 0 stands for a predicate.</summary>
    public static int RegisterBytes(int size) => size == 0 ? sizeof(uint) : size * Count;

    /// <summary>The vector behind so many bytes of a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load<T>(byte* register, int offset)
        where T : unmanaged => Vector256.Load((T*)(register + offset));

    /// <summary>Writes a vector into the lanes of a mask, or all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(byte* register, int offset, Vector256<T> value)
        where T : unmanaged => value.Store((T*)(register + offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Blend<T>(byte* register, int offset, byte* mask, Vector256<T> value)
        where T : unmanaged => Vector256.ConditionalSelect(Load<T>(mask, offset), value, Load<T>(register, offset)).Store((T*)(register + offset));

    /// <summary>Copies so many bytes, a multiple of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* to, byte* from, int bytes)
    {
        for (var i = 0; i < bytes; i += Vector256<byte>.Count)
            Vector256.Load(from + i).Store(to + i);
    }

    /// <summary>Takes the lowest lane out of a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Next(ref uint mask)
    {
        var lane = BitOperations.TrailingZeroCount(mask);
        mask &= mask - 1;
        return lane;
    }

    /// <summary>Writes the same value into all lanes.</summary>
    public static void Fill(byte* register, int size, ulong bits)
    {
        switch (size)
        {
            case 0:
                *(uint*)register = (bits & 1) != 0 ? All : 0;
                break;
            case 1:
                new Span<byte>(register, Count).Fill((byte)bits);
                break;
            case 2:
                new Span<ushort>(register, Count).Fill((ushort)bits);
                break;
            case 4:
                var four = Vector256.Create((uint)bits);
                for (var i = 0; i < Count; i += Vector256<uint>.Count)
                    four.Store((uint*)register + i);
                break;
            default:
                var eight = Vector256.Create(bits);
                for (var i = 0; i < Count; i += Vector256<ulong>.Count)
                    eight.Store((ulong*)register + i);
                break;
        }
    }
}
