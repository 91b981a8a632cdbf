using FsCheck;
using FsCheck.Fluent;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A piece of a program that jumps where it likes: it stirs a number, spends a unit of fuel, and goes to another piece or the next.</summary>
/// <param name="Number">What it stirs in.</param>
/// <param name="Bit">The bit of the stirred number that decides.</param>
/// <param name="Target">Where it goes if the bit is set, modulo the number of pieces.</param>
/// <param name="HasTable">Whether a table says where it goes.</param>
internal sealed record Node(int Number, int Bit, int Target, bool HasTable)
{
    private const uint Factor = 0x9E3779B1;

    public static readonly Gen<Node[]> Programs =
        (from number in Gen.Choose(0, 1 << 20)
         from bit in Gen.Choose(4, 31)
         from target in Gen.Choose(0, 100)
         from hasTable in Gen.Elements(false, true)
         select new Node(number, bit, target, hasTable)).ArrayOf().Where(nodes => nodes.Length is > 0 and < 16);

    /// <summary>The number in %r10, the fuel in %r11; when it is spent, all go to END.</summary>
    public string Write(int index, int count)
    {
        var (next, target) = ((index + 1) % count, Target % count);
        var jump = HasTable ? $"TABLE{index}: .branchtargets N{next}, N{target};\nbrx.idx %r12, TABLE{index};" : $"setp.ne.u32 %p2, %r12, 0;\n@%p2 bra N{target};";
        return $"""
            N{index}:
            mad.lo.u32 %r10, %r10, 0x{Factor:x}, {Number};
            sub.u32 %r11, %r11, 1;
            setp.eq.u32 %p1, %r11, 0;
            @%p1 bra END;
            shr.u32 %r12, %r10, {Bit};
            and.b32 %r12, %r12, 1;
            {jump}
            {(next == 0 ? "bra N0;" : "")}
            """;
    }

    /// <summary>What a thread ends with.</summary>
    public static uint Run(Node[] nodes, uint number, uint fuel)
    {
        for (var at = 0; ;)
        {
            number = number * Factor + (uint)nodes[at].Number;
            if (--fuel == 0)
                return number;
            at = (number >> nodes[at].Bit & 1) != 0 ? nodes[at].Target % nodes.Length : (at + 1) % nodes.Length;
        }
    }
}
