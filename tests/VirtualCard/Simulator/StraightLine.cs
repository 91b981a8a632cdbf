using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An operation on eight registers, as PTX and as C#.</summary>
/// <param name="Kind">Which of the operations.</param>
/// <param name="Registers">The destination and three sources.</param>
internal sealed record StraightLine(int Kind, int[] Registers)
{
    private static readonly (string Ptx, Func<uint, uint, uint, uint, uint> Apply)[] _operations =
    [
        ("add.u32 {0}, {1}, {2};", (_, a, b, _) => a + b),
        ("sub.u32 {0}, {1}, {2};", (_, a, b, _) => a - b),
        ("mul.lo.u32 {0}, {1}, {2};", (_, a, b, _) => a * b),
        ("mul.hi.u32 {0}, {1}, {2};", (_, a, b, _) => (uint)((ulong)a * b >> 32)),
        ("mul.hi.s32 {0}, {1}, {2};", (_, a, b, _) => (uint)((long)(int)a * (int)b >> 32)),
        ("mad.lo.u32 {0}, {1}, {2}, {3};", (_, a, b, c) => a * b + c),
        ("mad.lo.u32 {0}, {0}, {1}, {0};", (d, a, _, _) => d * a + d),
        ("and.b32 {0}, {1}, {2};", (_, a, b, _) => a & b),
        ("xor.b32 {0}, {1}, {2};", (_, a, b, _) => a ^ b),
        ("not.b32 {0}, {1};", (_, a, _, _) => ~a),
        ("lop3.b32 {0}, {1}, {2}, {3}, 0xE8;", (_, a, b, c) => (a & b) | (a & c) | (b & c)),
        ("shl.b32 {0}, {1}, {2};", (_, a, b, _) => b < 32 ? a << (int)b : 0),
        ("shr.u32 {0}, {1}, {2};", (_, a, b, _) => b < 32 ? a >> (int)b : 0),
        ("shr.s32 {0}, {1}, 3;", (_, a, _, _) => (uint)((int)a >> 3)),
        ("shf.l.wrap.b32 {0}, {1}, {1}, {2};", (_, a, b, _) => BitOperations.RotateLeft(a, (int)(b & 31))),
        ("min.s32 {0}, {1}, {2};", (_, a, b, _) => (uint)Math.Min((int)a, (int)b)),
        ("max.u32 {0}, {1}, {2};", (_, a, b, _) => Math.Max(a, b)),
        ("popc.b32 {0}, {1};", (_, a, _, _) => (uint)BitOperations.PopCount(a)),
        ("clz.b32 {0}, {1};", (_, a, _, _) => (uint)BitOperations.LeadingZeroCount(a)),
        ("cvt.s32.s8 {0}, {1};", (_, a, _, _) => (uint)(sbyte)a),
        ("cvt.rn.f32.u32 %f1, {1}; mov.b32 {0}, %f1;", (_, a, _, _) => BitConverter.SingleToUInt32Bits(a)),
        ("mul.wide.u32 %d1, {1}, {2}; shr.u64 %d1, %d1, 7; cvt.u32.u64 {0}, %d1;", (_, a, b, _) => (uint)((ulong)a * b >> 7)),
        ("mov.b64 %d2, {{{1}, {2}}}; sub.u64 %d2, %d2, 1; mov.b64 {{_, {0}}}, %d2;", (_, a, b, _) => (uint)((a | (ulong)b << 32) - 1 >> 32)),
        ("setp.lt.s32 %p1, {1}, {2}; selp.b32 {0}, {2}, {3}, %p1;", (_, a, b, c) => (int)a < (int)b ? b : c),
        ("setp.gt.u32 %p1, {1}, {2}; @%p1 add.u32 {0}, {0}, {3};", (d, a, b, c) => a > b ? d + c : d),
        ("setp.gt.u32 %p1, {1}, {2}; @!%p1 mov.u32 {0}, {3};", (d, a, b, c) => a > b ? d : c),
    ];

    public static readonly Gen<StraightLine[]> Programs =
        (from kind in Gen.Choose(0, _operations.Length - 1) from registers in Gen.Choose(0, 7).ArrayOf(4) select new StraightLine(kind, registers)).ArrayOf().Where(lines => lines.Length > 0);

    public void Apply(uint[] values) => values[Registers[0]] = _operations[Kind].Apply(values[Registers[0]], values[Registers[1]], values[Registers[2]], values[Registers[3]]);

    public override string ToString() =>
        string.Format(CultureInfo.InvariantCulture, _operations[Kind].Ptx, [.. Registers.Select(register => $"%x{register}")]);
}
