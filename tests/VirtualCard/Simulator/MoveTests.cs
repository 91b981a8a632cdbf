namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>mov, and immediates as PTX writes them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MoveTests
{
    private readonly uint[] _lower = new RandomNumbers(37).Integers<uint>(), _upper = new RandomNumbers(38).Integers<uint>();

    [Test]
    public void PacksAndUnpacks()
    {
        var pairs = Lanes.Run<ulong>("mov.b64 {d}, {{s0}, {s1}};", [_lower, _upper]);
        Assert.That(pairs, Is.EqualTo(_lower.Zip(_upper, (lower, upper) => lower | (ulong)upper << 32)));
        Assert.That(Lanes.Run<uint>("mov.b64 {_, {d}}, {s0};", [pairs]), Is.EqualTo(_upper));

        var halves = new RandomNumbers(39).Integers<ushort>();
        Assert.That(Lanes.Run<uint>("mov.b32 {d}, {{s0}, {s0}};", [halves]), Is.EqualTo(halves.Select(half => half * 0x10001u)));
    }

    [Test]
    public void KeepsTheBitsOfFloats()
    {
        var floats = new RandomNumbers(40).Floats();
        Assert.That(Lanes.Run<uint>("mov.f32 {d}, {s0};", [floats]), Is.EqualTo(floats.Select(BitConverter.SingleToUInt32Bits)));
    }

    [TestCase("0f3FC00000", 1.5f)]
    [TestCase("2.5", 2.5f)]
    public void TakesFloats(string immediate, float value) => Assert.That(Lanes.Run<float>($"mov.f32 {{d}}, {immediate};", [_lower]), Is.All.EqualTo(value));

    [Test]
    public void TakesDoubles() => Assert.That(Lanes.Run<double>("mov.f64 {d}, 0d4004000000000000;", [_lower]), Is.All.EqualTo(2.5));

    /// <summary>Some compilers write -1 without its sign.</summary>
    [Test]
    public void TakesNegativeNumbersWithoutASign()
    {
        Assert.That(Lanes.Run<uint>("add.s32 {d}, {s0}, 4294967295;", [_lower]), Is.EqualTo(_lower.Select(number => number - 1)));
        var numbers = new RandomNumbers(41).Integers<ulong>();
        Assert.That(Lanes.Run<ulong>("add.s64 {d}, {s0}, 18446744073709551615;", [numbers]), Is.EqualTo(numbers.Select(number => number - 1)));
    }

    [Test]
    public void ARegisterOfAnotherWidthIsRejected() => Expect.Rejection(
        () => Lanes.Run<uint>("add.s32 {d}, {s0}, 1;", [new RandomNumbers(42).Integers<ulong>()]),
        "used as");
}
