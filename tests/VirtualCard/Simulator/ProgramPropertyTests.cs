using FsCheck.Fluent;
using static GpuOptim.Tests.Optimizers.PropertyTests;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Random programs give what they give one thread at a time.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ProgramPropertyTests
{
    /// <summary>Instructions one behind the other, in blocks whose last warp is not whole.</summary>
    [Test]
    public void StraightLinesComputeWhatTheySay() => Check(
        from lines in StraightLine.Programs from seed in Seeds select (lines, seed),
        sample =>
        {
            const int Blocks = 2, Threads = 40, Registers = 8;
            var input = new RandomNumbers(sample.seed).Integers<uint>(Blocks * Threads * Registers);
            var list = string.Concat(Enumerable.Range(0, Registers).Select(i => $"ld.global.u32 %x{i}, [%d9+{4 * i}];\n"));
            var body = PtxProgram.Thread + PtxProgram.Address("%d9", "%a", "%r3", 4 * Registers) + $".reg .b32 %x<{Registers}>;\n{list}"
                + string.Join('\n', sample.lines.Select(line => line.ToString())) + "\n"
                + string.Concat(Enumerable.Range(0, Registers).Select(i => $"st.global.u32 [%d9+{4 * i}], %x{i};\n")) + "ret;";
            using var card = new Card();
            var numbers = card.Allocate(input);
            card.Launch(PtxProgram.Kernel("u64 a", body), Blocks, Threads, [numbers]);
            Assert.That(numbers.Read(), Is.EqualTo(input.Chunk(Registers).SelectMany(values =>
            {
                foreach (var line in sample.lines)
                    line.Apply(values);
                return values;
            })));
        });

    /// <summary>Jumps anywhere, in loops that nobody would write, of threads that part; at their end they meet.</summary>
    [Test]
    public void JumpsLeadWhereTheyLeadAThreadAlone() => Check(
        from nodes in Node.Programs from seed in Seeds select (nodes, seed),
        sample =>
        {
            const int Threads = 64;
            var random = new RandomNumbers(sample.seed);
            uint[] numbers = random.Integers<uint>(Threads), fuel = [.. random.Below(50, Threads).Select(units => units + 1)];
            var body = PtxProgram.Thread + PtxProgram.Address("%d1", "%a", "%r3", 4) + PtxProgram.Address("%d2", "%f", "%r3", 4)
                + "ld.global.u32 %r10, [%d1];\nld.global.u32 %r11, [%d2];\n"
                + string.Join('\n', sample.nodes.Select((node, i) => node.Write(i, sample.nodes.Length))) + """

                END:
                activemask.b32 %r13;
                shfl.sync.bfly.b32 %r12, %r10, 1, 0x1f, 0xffffffff;
                st.global.u32 [%d1], %r12;
                st.global.u32 [%d2], %r13;
                ret;
                """;
            using var card = new Card();
            var (result, masks) = (card.Allocate(numbers), card.Allocate(fuel));
            card.Launch(PtxProgram.Kernel("u64 a, u64 f", body), 1, Threads, [result, masks]);
            uint[] expected = [.. numbers.Zip(fuel, (number, units) => Node.Run(sample.nodes, number, units))];
            Assert.That(result.Read(), Is.EqualTo(Enumerable.Range(0, Threads).Select(i => expected[i ^ 1])));
            Assert.That(masks.Read(), Is.All.EqualTo(uint.MaxValue), "the whole warp meets");
        });
}
