using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An instruction, and what it is in integers without an end.</summary>
/// <param name="Opcode">The instruction.</param>
/// <param name="Sources">Types of its sources.</param>
/// <param name="Reference">What it gives; of that the result's type keeps its bits.</param>
/// <param name="Result">The result's type; that of the first source if not given.</param>
/// <param name="Rest">Operands behind the sources.</param>
internal sealed record IntegerOperation(string Opcode, string Sources, Func<BigInteger[], BigInteger> Reference, string? Result = null, string Rest = "")
{
    /// <summary>The sources, where not all numbers will do.</summary>
    public Func<RandomNumbers, Array[]>? Draw { get; init; }

    public void Verify()
    {
        IntegerType[] types = [.. Sources.Split(' ').Select(IntegerType.Parse)];
        var random = new RandomNumbers(1);
        var sources = Draw?.Invoke(random) ?? [.. types.Select(type => type.Draw(random))];
        BigInteger[][] values = [.. types.Zip(sources, (type, numbers) => type.Read(numbers))];
        var result = Result is null ? types[0] : IntegerType.Parse(Result);
        var actual = Lanes.Run(Lanes.Instruction(Opcode, types.Length, Rest), result.Bits, sources);
        for (var i = 0; i < actual.Length; i++)
        {
            BigInteger[] operands = [.. values.Select(value => value[i])];
            Assert.That(result.Wrap(actual[i]), Is.EqualTo(result.Wrap(Reference(operands))), string.Join(", ", operands));
        }
    }

    public override string ToString() => Opcode + Rest;
}
