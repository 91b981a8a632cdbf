using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Arithmetic of 16 bits, alone and in pairs, is exact and rounded once.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class HalfTests
{
    private static readonly FloatFormat[] _formats = [FloatFormat.Half, FloatFormat.BFloat16];

    [Test]
    public void RoundsOnce([ValueSource(nameof(_formats))] FloatFormat format, [Values("add", "sub", "mul", "fma")] string operation, [Values(false, true)] bool isPacked)
    {
        var random = new RandomNumbers(15);
        ushort[][] operands = [.. Enumerable.Range(0, operation == "fma" ? 3 : 2).Select(_ => format.Draw(random))];
        if (operation == "fma")
        {
            operands[0][..128].CopyTo(operands[2], 0);
            if (format == FloatFormat.BFloat16)
                FillWithHalfways(random, operands);
        }
        var type = format.Name + (isPacked ? "x2" : "");
        var instruction = Lanes.Instruction(operation == "fma" ? $"fma.rn.{type}" : $"{operation}.{type}", operands.Length);
        var actual = isPacked ? Unpack(Lanes.Run<uint>(instruction, [.. operands.Select(Pack)])) : Lanes.Run<ushort>(instruction, operands);
        for (var i = 0; i < actual.Length; i++)
        {
            Rational[] v = [.. operands.Select(numbers => Rational.Of(format.Value(numbers[i])))];
            var exact = operation switch { "add" => v[0] + v[1], "sub" => v[0] - v[1], "mul" => v[0] * v[1], _ => v[0] * v[1] + v[2] };
            Assert.That(format.Value(actual[i]), Is.EqualTo(format.Round(exact, Rounding.Nearest)), $"lane {i}");
        }
    }

    [Test]
    public void PicksTheGreaterOfEachHalf()
    {
        var random = new RandomNumbers(16);
        ushort[] left = FloatFormat.BFloat16.Draw(random), right = FloatFormat.BFloat16.Draw(random);
        var actual = Unpack(Lanes.Run<uint>("max.bf16x2 {d}, {s0}, {s1};", [Pack(left), Pack(right)]));
        Assert.That(Values(actual), Is.EqualTo(Values(left).Zip(Values(right), Math.Max)));
    }

    [Test]
    public void NegatesEachHalf()
    {
        var numbers = FloatFormat.BFloat16.Draw(new RandomNumbers(17));
        var actual = Unpack(Lanes.Run<uint>("neg.bf16x2 {d}, {s0};", [Pack(numbers)]));
        Assert.That(actual, Is.EqualTo(numbers.Select(number => (ushort)(number ^ 0x8000))));
    }

    [Test]
    public void ComparesHalves()
    {
        var random = new RandomNumbers(18);
        ushort[] left = FloatFormat.Half.Draw(random), right = FloatFormat.Half.Draw(random);
        var actual = Lanes.Run<bool>("setp.lt.f16 {d}, {s0}, {s1};", [left, right]);
        Assert.That(actual, Is.EqualTo(left.Zip(right, (a, b) => FloatFormat.Half.Value(a) < FloatFormat.Half.Value(b))));
    }

    /// <summary>Products halfway between two numbers, and a tiny addend that decides.</summary>
    private static void FillWithHalfways(RandomNumbers random, ushort[][] operands)
    {
        for (var i = 128; i < 256; i++)
        {
            operands[0][i] = FloatFormat.BFloat16.Bits(1 + (2 * random.Next(0, 64) + 1) / 128.0);
            operands[1][i] = FloatFormat.BFloat16.Bits(1.5);
            operands[2][i] = FloatFormat.BFloat16.Bits(Math.ScaleB(random.Next(0, 2) * 2 - 1, -random.Next(20, 60)));
        }
    }

    private static IEnumerable<double> Values(ushort[] numbers) => numbers.Select(FloatFormat.BFloat16.Value);

    private static uint[] Pack(ushort[] halves) => MemoryMarshal.Cast<ushort, uint>(halves).ToArray();

    private static ushort[] Unpack(uint[] pairs) => MemoryMarshal.Cast<uint, ushort>(pairs).ToArray();
}
