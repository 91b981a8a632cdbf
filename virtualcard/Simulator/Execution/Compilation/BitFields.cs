using System.Numerics;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>Bit fields, permutations of bytes and tables of logic, as the PTX ISA has them.</summary>
internal static class BitFields
{
    private static readonly Dictionary<string, uint[]> _permuteModes = new(StringComparer.Ordinal)
    {
        ["f4e"] = [0x3210, 0x4321, 0x5432, 0x6543],
        ["b4e"] = [0x5670, 0x6701, 0x7012, 0x0123],
        ["rc8"] = [0x0000, 0x1111, 0x2222, 0x3333],
        ["ecl"] = [0x3210, 0x3211, 0x3222, 0x3333],
        ["ecr"] = [0x0000, 0x1110, 0x2210, 0x3210],
        ["rc16"] = [0x1010, 0x3232, 0x1010, 0x3232],
    };

    public static bool IsPermuteMode(string modifier) => _permuteModes.ContainsKey(modifier);

    public static uint Selector(string mode, uint index) => _permuteModes[mode][index & 3];

    public static uint Permute(uint a, uint b, uint selector)
    {
        var bytes = a | (ulong)b << 32;
        uint result = 0;
        for (var i = 0; i < 4; i++)
        {
            var choice = selector >> 4 * i & 0xF;
            var value = (byte)(bytes >> (int)(choice & 7) * 8);
            if ((choice & 8) != 0)
                value = (value & 0x80) != 0 ? (byte)0xFF : (byte)0;
            result |= (uint)value << 8 * i;
        }
        return result;
    }

    public static uint Lop3(uint a, uint b, uint c, int table)
    {
        uint result = 0;
        for (var i = 0; i < 8; i++)
        {
            if ((table >> i & 1) != 0)
                result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
        }
        return result;
    }

    public static ulong Reverse(ulong value)
    {
        ulong result = 0;
        for (var i = 0; i < 64; i++)
            result |= (value >> i & 1) << 63 - i;
        return result;
    }

    /// <summary>The highest bit that is not the sign, or how far to shift it to the top; all ones where there is none.</summary>
    public static ulong FindHighest(ulong value, PtxType type, bool givesShift)
    {
        var bits = type.Bits();
        if (type.IsSigned())
        {
            var signed = (long)(value << 64 - bits) >> 64 - bits;
            value = (ulong)(signed < 0 ? ~signed : signed);
        }
        if (value == 0)
            return uint.MaxValue;
        var highest = BitOperations.Log2(value);
        return (ulong)(givesShift ? bits - 1 - highest : highest);
    }

    public static ulong Extract(ulong value, uint position, uint length, PtxType type)
    {
        var bits = (uint)type.Bits();
        var field = position < bits ? value >> (int)position & Low(length) : 0;
        if (!type.IsSigned() || length == 0)
            return field;
        var sign = Math.Min(position + length - 1, bits - 1);
        var available = Math.Min(length, position < bits ? bits - position : 0);
        return (value >> (int)sign & 1) != 0 ? field | ~Low(available) : field;
    }

    public static ulong Insert(ulong field, ulong into, uint position, uint length, uint bits)
    {
        if (position >= bits)
            return into;
        var mask = Low(length) << (int)position;
        return (into & ~mask) | (field << (int)position & mask);
    }

    public static uint Mask(uint position, uint length, bool clamps)
    {
        uint start = position & 31, count = length & 31;
        var low = Low(start);
        var high = Low(Math.Min(start + count, 32));
        if (clamps)
        {
            high = length >= 32 ? Low(32) : high;
            low = position >= 32 ? Low(64) : low;
        }
        return (uint)(high & ~low);
    }

    private static ulong Low(uint count) => count >= 64 ? ulong.MaxValue : (1ul << (int)count) - 1;
}
