using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>u8 to s64; arrays hold the bits of the register, 16 at least, in unsigned numbers.</summary>
internal readonly record struct IntegerType(bool IsSigned, int Bits)
{
    public static readonly string[] All = ["s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"];

    public int RegisterBits => Math.Max(Bits, 16);

    public BigInteger Min => IsSigned ? -(BigInteger.One << (Bits - 1)) : 0;

    public BigInteger Max => (BigInteger.One << (IsSigned ? Bits - 1 : Bits)) - 1;

    /// <summary>The type as a register holds it.</summary>
    public IntegerType InRegister => this with { Bits = RegisterBits };

    public static IntegerType Parse(string name) => new(name[0] == 's', int.Parse(name.AsSpan(1)));

    /// <summary>What is left of a number in so many bits.</summary>
    public BigInteger Wrap(BigInteger value)
    {
        value &= (BigInteger.One << Bits) - 1;
        return IsSigned && value > Max ? value - (BigInteger.One << Bits) : value;
    }

    public BigInteger Clamp(BigInteger value) => BigInteger.Clamp(value, Min, Max);

    /// <summary>Of all magnitudes; narrow ones extended to 16 bits.</summary>
    public Array Draw(RandomNumbers random)
    {
        var type = this;
        return Bits switch
        {
            8 => random.Integers<byte>().Select(value => type.IsSigned ? (ushort)(sbyte)value : value).ToArray(),
            16 => random.Integers<ushort>(),
            32 => random.Integers<uint>(),
            _ => random.Integers<ulong>(),
        };
    }

    public BigInteger[] Read(Array registers)
    {
        var type = this;
        return [.. registers.Cast<object>().Select(value => type.Wrap(Convert.ToUInt64(value)))];
    }
}
