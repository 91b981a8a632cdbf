using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>mma.sync: exact sums, rounded once.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MmaTests
{
    private const int Warps = 5;

    [TestCase("bf16", 16)]
    [TestCase("bf16", 8)]
    [TestCase("f16", 16)]
    [TestCase("f16", 8)]
    [TestCase("tf32", 8)]
    [TestCase("tf32", 4)]
    public void MultipliesAndAdds(string type, int depth)
    {
        var isWide = type == "tf32";
        var random = new RandomNumbers(53);
        List<uint> registersA = [], registersB = [];
        List<float> registersC = [];
        List<double> exact = [];
        for (var warp = 0; warp < Warps; warp++)
        {
            float[] a = random.Normals(16 * depth), b = random.Normals(depth * 8), c = random.Normals(16 * 8);
            for (var lane = 0; lane < 32; lane++)
            {
                registersA.AddRange(Padded(4, Registers(type, a, isWide ? Fragments.WideA(lane, depth) : Fragments.A(lane, depth), depth)));
                registersB.AddRange(Padded(2, Registers(type, b, isWide ? Fragments.WideB(lane, depth) : Fragments.B(lane, depth), 8)));
                foreach (var (row, column) in Fragments.C(lane))
                {
                    registersC.Add(c[row * 8 + column]);
                    exact.Add(c[row * 8 + column] + Enumerable.Range(0, depth).Sum(k => Value(type, a[row * depth + k]) * Value(type, b[k * 8 + column])));
                }
            }
        }
        using var card = new Card();
        var d = card.Poisoned<float>(Warps * 32 * 4);
        object[] arguments = [card.Allocate(registersA.ToArray()), card.Allocate(registersB.ToArray()), card.Allocate(registersC.ToArray()), d];
        var ptx = Program($"mma.sync.aligned.m16n8k{depth}.row.col.f32.{type}.{type}.f32", isWide ? depth / 2 : depth / 4, isWide ? depth / 4 : depth / 8);
        var statistics = card.Launch(ptx, Warps, 32, arguments);
        Expect.Same(d.Read(), exact.Select(value => (float)value));
        Assert.That((statistics.Mma, statistics.MmaFlops), Is.EqualTo((Warps, Warps * 2 * 16 * 8 * depth)));

        card.Launch(ptx, Warps, 32, arguments, request => request with { MmaRounding = MmaRounding.TowardZero });
        Assert.That(d.Read(), Is.EqualTo(exact.Select(value => Math.Abs((float)value) > Math.Abs(value) ? (value > 0 ? MathF.BitDecrement((float)value) : MathF.BitIncrement((float)value)) : (float)value)));

        card.Launch(ptx, Warps, 32, arguments, request => request with { MmaRounding = MmaRounding.Hardware });
        Expect.Near(d.Read(), exact, 1e-5);
    }

    [Test]
    public void AnotherShapeIsRejected()
    {
        using var card = new Card();
        Expect.Rejection(() => card.Launch(Program("mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32", 2, 2), 1, 32, [0, 0, 0, 0]), "line", "m8n8k4");
    }

    [Test]
    public void HalfAWarpIsAFault()
    {
        using var card = new Card();
        object[] arguments = [card.Zeros<uint>(128), card.Zeros<uint>(64), card.Zeros<float>(128), card.Zeros<float>(128)];
        Expect.Fault(FaultKind.Undefined, () => card.Launch(Program("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2), 1, 16, arguments), "missing lanes");
    }

    private static uint[] Registers(string type, float[] matrix, IEnumerable<(int Row, int Column)> positions, int columns)
    {
        var numbers = positions.Select(position => matrix[position.Row * columns + position.Column]);
        return type == "tf32" ? [.. numbers.Select(BitConverter.SingleToUInt32Bits)] : Fragments.Pack(numbers.Select(number => Format(type).Bits(number)));
    }

    /// <summary>What the tensor core sees of a number.</summary>
    private static double Value(string type, float number) =>
        type == "tf32" ? BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(number) & 0xFFFFE000) : Format(type).Value(Format(type).Bits(number));

    private static FloatFormat Format(string type) => type == "bf16" ? FloatFormat.BFloat16 : FloatFormat.Half;

    private static uint[] Padded(int length, uint[] registers) => [.. registers, .. new uint[length - registers.Length]];

    private static string Program(string opcode, int registersA, int registersB)
    {
        static string List(string name, int count) => $"{{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"%{name}{i}"))}}}";
        return PtxProgram.Kernel("u64 a, u64 b, u64 c, u64 d", $$"""
            {{PtxProgram.Thread}}
            .reg .b32 %ra<4>, %rb<2>;
            .reg .f32 %c<4>;
            {{PtxProgram.Address("%d1", "%a", "%r3", 16)}}ld.global.v4.b32 {%ra0, %ra1, %ra2, %ra3}, [%d1];
            {{PtxProgram.Address("%d2", "%b", "%r3", 8)}}ld.global.v2.b32 {%rb0, %rb1}, [%d2];
            {{PtxProgram.Address("%d3", "%c", "%r3", 16)}}ld.global.v4.f32 {%c0, %c1, %c2, %c3}, [%d3];
            {{opcode}} {%c0, %c1, %c2, %c3}, {{List("ra", registersA)}}, {{List("rb", registersB)}}, {%c0, %c1, %c2, %c3};
            {{PtxProgram.Address("%d4", "%d", "%r3", 16)}}st.global.v4.f32 [%d4], {%c0, %c1, %c2, %c3};
            ret;
            """);
    }
}
