using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An operation of atom, and what it makes of what is there and what comes.</summary>
internal sealed record AtomicOperation(string Name, string Type, Func<BigInteger, BigInteger, BigInteger> Reference)
{
    public static readonly AtomicOperation[] All =
    [
        new("add", "u32", (old, value) => old + value),
        new("add", "s32", (old, value) => old + value),
        new("add", "u64", (old, value) => old + value),
        new("min", "s32", BigInteger.Min),
        new("max", "u32", BigInteger.Max),
        new("min", "u64", BigInteger.Min),
        new("max", "s64", BigInteger.Max),
        new("and", "b32", (old, value) => old & value),
        new("or", "b32", (old, value) => old | value),
        new("xor", "b64", (old, value) => old ^ value),
        new("exch", "b32", (_, value) => value),
        new("inc", "u32", (old, value) => old >= value ? 0 : old + 1),
        new("dec", "u32", (old, value) => old.IsZero || old > value ? value : old - 1),
    ];

    public override string ToString() => $"{Name}.{Type}";
}
