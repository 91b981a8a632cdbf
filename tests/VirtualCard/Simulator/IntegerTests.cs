using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Integer instructions give what arithmetic without overflow gives, cut to their bits.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class IntegerTests
{
    private static readonly IntegerType _s8 = IntegerType.Parse("s8"), _s16 = IntegerType.Parse("s16"), _s32 = IntegerType.Parse("s32");

    [Test]
    public void Computes([ValueSource(nameof(Arithmetic))] IntegerOperation operation) => operation.Verify();

    [Test]
    public void ComputesInBits([ValueSource(nameof(BitFields))] IntegerOperation operation) => operation.Verify();

    [Test]
    public void Shifts([ValueSource(nameof(ShiftsOfEveryWidth))] IntegerOperation operation) => operation.Verify();

    [Test]
    public void Permutes([ValueSource(nameof(Permutations))] IntegerOperation operation) => operation.Verify();

    /// <summary>The truth table's bit that a, b and c choose, for each of 32.</summary>
    [TestCase(0x00)]
    [TestCase(0xFF)]
    [TestCase(0x80)]
    [TestCase(0xFE)]
    [TestCase(0x40)]
    [TestCase(0x1A)]
    [TestCase(0xE8)]
    [TestCase(0x96)]
    [TestCase(0xCA)]
    [TestCase(0x3C)]
    public void LooksUpATruthTable(int table)
    {
        BigInteger Reference(BigInteger[] v) =>
            Bits(32, i => (table >> (int)(Bit(v[0], i) * 4 + Bit(v[1], i) * 2 + Bit(v[2], i)) & 1) != 0);
        new IntegerOperation("lop3.b32", "u32 u32 u32", Reference, Rest: $", 0x{table:x}").Verify();
    }

    private static IEnumerable<IntegerOperation> Arithmetic()
    {
        foreach (var type in (string[])["u16", "s16", "u32", "s32", "u64", "s64"])
        {
            var bits = IntegerType.Parse(type).Bits;
            string two = $"{type} {type}", three = $"{type} {type} {type}";
            yield return new($"add.{type}", two, v => v[0] + v[1]);
            yield return new($"sub.{type}", two, v => v[0] - v[1]);
            yield return new($"mul.lo.{type}", two, v => v[0] * v[1]);
            yield return new($"mul.hi.{type}", two, v => v[0] * v[1] >> bits);
            yield return new($"mad.lo.{type}", three, v => v[0] * v[1] + v[2]);
            yield return new($"mad.hi.{type}", three, v => (v[0] * v[1] >> bits) + v[2]);
            yield return new($"div.{type}", two, v => v[1].IsZero ? -1 : BigInteger.Divide(v[0], v[1]));
            yield return new($"rem.{type}", two, v => v[1].IsZero ? v[0] : BigInteger.Remainder(v[0], v[1]));
            yield return new($"min.{type}", two, v => BigInteger.Min(v[0], v[1]));
            yield return new($"max.{type}", two, v => BigInteger.Max(v[0], v[1]));
            if (type[0] != 's')
                continue;
            yield return new($"neg.{type}", type, v => -v[0]);
            yield return new($"abs.{type}", type, v => BigInteger.Abs(v[0]));
        }
        foreach (var (type, wide) in ((string, string)[])[("u16", "u32"), ("s16", "s32"), ("u32", "u64"), ("s32", "s64")])
            yield return new($"mul.wide.{type}", $"{type} {type}", v => v[0] * v[1], wide);
        foreach (var (type, wide) in ((string, string)[])[("u16", "u32"), ("s16", "s32"), ("u32", "u64"), ("s32", "s64")])
            yield return new($"mad.wide.{type}", $"{type} {type} {wide}", v => v[0] * v[1] + v[2], wide);
        yield return new("add.sat.s32", "s32 s32", v => _s32.Clamp(v[0] + v[1]));
        yield return new("sub.sat.s32", "s32 s32", v => _s32.Clamp(v[0] - v[1]));
        yield return new("sad.s32", "s32 s32 u32", v => BigInteger.Abs(v[0] - v[1]) + v[2]);
        yield return new("mul24.lo.s32", "s32 s32", v => (_s32.Wrap(v[0] << 8) >> 8) * (_s32.Wrap(v[1] << 8) >> 8));
        yield return new("dp4a.s32.s32", "u32 u32 s32", v => v[2] + Sum(4, k => _s8.Wrap(v[0] >> 8 * k) * _s8.Wrap(v[1] >> 8 * k)), "s32");
        yield return new("min.s16x2", "u32 u32", v => Sum(2, k => (BigInteger.Min(_s16.Wrap(v[0] >> 16 * k), _s16.Wrap(v[1] >> 16 * k)) & 0xFFFF) << 16 * k));
    }

    private static IEnumerable<IntegerOperation> BitFields()
    {
        foreach (var bits in (int[])[32, 64])
        {
            string unsigned = $"u{bits}", signed = $"s{bits}";
            yield return new($"popc.b{bits}", unsigned, v => Sum(bits, i => Bit(v[0], i)), "u32");
            yield return new($"clz.b{bits}", unsigned, v => bits - v[0].GetBitLength(), "u32");
            yield return new($"brev.b{bits}", unsigned, v => Bits(bits, i => Bit(v[0], bits - 1 - i) == 1));
            foreach (var type in (string[])[unsigned, signed])
            {
                yield return new($"bfind.{type}", type, v => (v[0].Sign >= 0 ? v[0] : ~v[0]).GetBitLength() - 1, "u32");
                yield return new($"bfe.{type}", $"{type} u32 u32", v => Extract(v, bits, type == signed))
                {
                    Draw = random => [IntegerType.Parse(type).Draw(random), random.Below(80), random.Below(80)],
                };
            }
            yield return new($"bfi.b{bits}", $"{unsigned} {unsigned} u32 u32", v => Insert(v, bits))
            {
                Draw = random => [IntegerType.Parse(unsigned).Draw(random), IntegerType.Parse(unsigned).Draw(random), random.Below(80), random.Below(80)],
            };
            yield return new($"not.b{bits}", unsigned, v => ~v[0]);
            yield return new($"xor.b{bits}", $"{unsigned} {unsigned}", v => v[0] ^ v[1]);
            yield return new($"and.b{bits}", $"{unsigned} {unsigned}", v => v[0] & v[1]);
            yield return new($"or.b{bits}", $"{unsigned} {unsigned}", v => v[0] | v[1]);
            yield return new($"cnot.b{bits}", unsigned, v => v[0].IsZero ? 1 : 0);
        }
        yield return new("bmsk.clamp.b32", "u32 u32", v => v[0] < 32 ? (BigInteger.One << (int)BigInteger.Min(v[1], 32)) - 1 << (int)v[0] : 0)
        {
            Draw = random => [random.Below(40), random.Below(40)],
        };
    }

    private static IEnumerable<IntegerOperation> ShiftsOfEveryWidth()
    {
        static uint[] Distances(RandomNumbers random) => [0, 31, 32, uint.MaxValue, .. random.Below(100, 252)];
        foreach (var type in (string[])["u16", "u32", "u64", "s16", "s32", "s64"])
        {
            var integer = IntegerType.Parse(type);
            var bits = integer.Bits;
            yield return new($"shr.{type}", $"{type} u32", v => v[0] >> (int)BigInteger.Min(v[1], 200)) { Draw = random => [integer.Draw(random), Distances(random)] };
            yield return new($"shl.b{bits}", $"{type} u32", v => v[1] < bits ? v[0] << (int)v[1] : 0) { Draw = random => [integer.Draw(random), Distances(random)] };
            foreach (var distance in (int[])[0, 5, bits - 1, bits, 77])
            {
                yield return new($"shr.{type}", type, v => v[0] >> distance, Rest: $", {distance}");
                yield return new($"shl.b{bits}", type, v => v[0] << distance, Rest: $", {distance}");
            }
        }
        const string Three = "u32 u32 u32";
        yield return new("shf.l.wrap.b32", Three, v => (v[0] | v[1] << 32) << (int)(v[2] & 31) >> 32);
        yield return new("shf.r.wrap.b32", Three, v => (v[0] | v[1] << 32) >> (int)(v[2] & 31));
        yield return new("shf.l.clamp.b32", Three, v => (v[0] | v[1] << 32) << (int)BigInteger.Min(v[2], 32) >> 32);
        yield return new("shf.r.clamp.b32", Three, v => (v[0] | v[1] << 32) >> (int)BigInteger.Min(v[2], 32));
    }

    private static IEnumerable<IntegerOperation> Permutations()
    {
        const string Three = "u32 u32 u32";
        yield return new("prmt.b32", Three, v => Permute(v, v[2]));
        (string Mode, int[] Selectors)[] modes =
        [
            ("f4e", [0x3210, 0x4321, 0x5432, 0x6543]),
            ("b4e", [0x5670, 0x6701, 0x7012, 0x0123]),
            ("rc8", [0, 0x1111, 0x2222, 0x3333]),
            ("ecl", [0x3210, 0x3211, 0x3222, 0x3333]),
            ("ecr", [0, 0x1110, 0x2210, 0x3210]),
            ("rc16", [0x1010, 0x3232, 0x1010, 0x3232]),
        ];
        foreach (var (mode, selectors) in modes)
            yield return new($"prmt.b32.{mode}", Three, v => Permute(v, selectors[(int)(v[2] & 3)]));
    }

    private static BigInteger Bit(BigInteger value, int index) => value >> index & 1;

    private static BigInteger Bits(int count, Func<int, bool> bit) => Sum(count, i => bit(i) ? BigInteger.One << i : 0);

    private static BigInteger Sum(int count, Func<int, BigInteger> term) => Enumerable.Range(0, count).Aggregate(BigInteger.Zero, (sum, i) => sum + term(i));

    /// <summary>So many bits from a place, and above them the sign: the field's last bit, or the number's.</summary>
    private static BigInteger Extract(BigInteger[] v, int bits, bool isSigned)
    {
        int start = (int)(v[1] & 255), length = (int)(v[2] & 255);
        var sign = isSigned && length > 0 && Bit(v[0], Math.Min(start + length - 1, bits - 1)) == 1;
        return Bits(bits, i => i < length && start + i < bits ? Bit(v[0], start + i) == 1 : sign);
    }

    private static BigInteger Insert(BigInteger[] v, int bits)
    {
        int start = (int)(v[2] & 255), length = (int)(v[3] & 255);
        return Bits(bits, i => Bit(i >= start && i < start + length ? v[0] << start : v[1], i) == 1);
    }

    private static BigInteger Permute(BigInteger[] v, BigInteger selectors) => Sum(4, k =>
    {
        var selector = (int)(selectors >> 4 * k & 15);
        var chosen = (v[0] | v[1] << 32) >> 8 * (selector & 7) & 255;
        return (selector < 8 ? chosen : Bit(chosen, 7) * 255) << 8 * k;
    });
}
