namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>setp, selp, slct, set and testp.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ComparisonTests
{
    private static readonly string[] _comparisons = ["eq", "ne", "lt", "le", "gt", "ge"];

    private readonly RandomNumbers _random = new(30);

    private readonly float[] _left, _right;

    public ComparisonTests()
    {
        float[] specials = [0, -0f, float.NaN, 1];
        (_left, _right) = (_random.Floats(), _random.Floats());
        for (var i = 0; i < 64; i++)
            (_left[i], _right[i]) = (specials[i % 4], specials[i / 16]);
    }

    /// <summary>A comparison with NaN does not hold; with u behind it, it holds.</summary>
    [Test]
    public void ComparesFloats([ValueSource(nameof(_comparisons))] string comparison, [Values(false, true)] bool isUnordered)
    {
        var actual = Lanes.Run<bool>($"setp.{comparison}{(isUnordered ? "u" : "")}.f32 {{d}}, {{s0}}, {{s1}};", [_left, _right]);
        Assert.That(actual, Is.EqualTo(_left.Zip(_right, (a, b) => float.IsNaN(a) || float.IsNaN(b) ? isUnordered : Holds(comparison, a.CompareTo(b), a == b))));
    }

    [Test]
    public void ComparesIntegers([ValueSource(nameof(_comparisons))] string comparison, [Values("s16", "u16", "s32", "u32", "s64", "u64")] string type)
    {
        var random = new RandomNumbers(31);
        var integer = IntegerType.Parse(type);
        Array left = integer.Draw(random), right = integer.Draw(random);
        Array.Copy(left, right, 80);
        var actual = Lanes.Run<bool>($"setp.{comparison}.{type} {{d}}, {{s0}}, {{s1}};", [left, right]);
        Assert.That(actual, Is.EqualTo(integer.Read(left).Zip(integer.Read(right), (a, b) => Holds(comparison, a.CompareTo(b), a == b))));
    }

    [TestCase("lo", "lt")]
    [TestCase("ls", "le")]
    [TestCase("hi", "gt")]
    [TestCase("hs", "ge")]
    public void UnsignedComparisonsHaveOtherNames(string name, string other)
    {
        var random = new RandomNumbers(32);
        uint[] left = random.Integers<uint>(), right = random.Integers<uint>();
        Assert.That(Lanes.Run<bool>($"setp.{name}.u32 {{d}}, {{s0}}, {{s1}};", [left, right]), Is.EqualTo(Lanes.Run<bool>($"setp.{other}.u32 {{d}}, {{s0}}, {{s1}};", [left, right])));
        Assert.That(Lanes.Run<bool>($"setp.{name}.u32 {{d}}, {{s0}}, {{s1}};", [left, right]), Is.EqualTo(left.Zip(right, (a, b) => Holds(other, a.CompareTo(b), a == b))));
    }

    [TestCase("num", false)]
    [TestCase("nan", true)]
    public void TellsNaN(string comparison, bool isNaN) => Assert.That(
        Lanes.Run<bool>($"setp.{comparison}.f32 {{d}}, {{s0}}, {{s1}};", [_left, _right]),
        Is.EqualTo(_left.Zip(_right, (a, b) => (float.IsNaN(a) || float.IsNaN(b)) == isNaN)));

    /// <summary>A comparison joined with a predicate, and its opposite with the predicate's opposite.</summary>
    [Test]
    public void JoinsPredicates([Values("and", "or", "xor")] string operation)
    {
        bool Join(bool a, bool b) => operation switch { "and" => a && b, "or" => a || b, _ => a != b };
        var random = new RandomNumbers(33);
        uint[] left = random.Integers<uint>(), right = random.Integers<uint>();
        bool[] predicates = random.Predicates(), others = random.Predicates();
        bool[] less = [.. left.Zip(right, (a, b) => a < b)];
        Assert.That(
            Lanes.Run<bool>($"setp.lt.{operation}.u32 {{d}}, {{s0}}, {{s1}}, {{s2}};", [left, right, predicates]),
            Is.EqualTo(less.Zip(predicates, Join)));
        Assert.That(
            Lanes.Run<bool>($"setp.lt.{operation}.u32 %p5|{{d}}, {{s0}}, {{s1}}, !{{s2}};", [left, right, predicates]),
            Is.EqualTo(less.Zip(predicates, (a, b) => Join(!a, !b))));
        Assert.That(Lanes.Run<bool>($"{operation}.pred {{d}}, {{s0}}, {{s1}};", [predicates, others]), Is.EqualTo(predicates.Zip(others, Join)));
    }

    [Test]
    public void Selects()
    {
        var random = new RandomNumbers(34);
        var predicates = random.Predicates();
        var actual = Lanes.Run<float>("selp.f32 {d}, {s0}, {s1}, {s2};", [_left, _right, predicates]);
        Expect.Same(actual, predicates.Select((predicate, i) => predicate ? _left[i] : _right[i]));

        var numbers = random.Integers<ulong>();
        Assert.That(Lanes.Run<ulong>("selp.b64 {d}, {s0}, 0, {s1};", [numbers, predicates]), Is.EqualTo(numbers.Zip(predicates, (number, predicate) => predicate ? number : 0)));
    }

    [Test]
    public void SelectsBySign()
    {
        var random = new RandomNumbers(35);
        uint[] left = random.Integers<uint>(), right = random.Integers<uint>(), signs = random.Integers<uint>();
        Assert.That(Lanes.Run<uint>("slct.u32.s32 {d}, {s0}, {s1}, {s2};", [left, right, signs]), Is.EqualTo(signs.Select((sign, i) => (int)sign >= 0 ? left[i] : right[i])));
        Expect.Same(Lanes.Run<float>("slct.f32.f32 {d}, {s0}, {s1}, {s2};", [_left, _right, _left]), _left.Select((sign, i) => sign >= 0 ? _left[i] : _right[i]));
    }

    [Test]
    public void SetsAllBits() => Assert.That(
        Lanes.Run<uint>("set.lt.u32.f32 {d}, {s0}, {s1};", [_left, _right]),
        Is.EqualTo(_left.Zip(_right, (a, b) => a < b ? uint.MaxValue : 0)));

    [TestCase("finite")]
    [TestCase("infinite")]
    [TestCase("number")]
    [TestCase("notanumber")]
    [TestCase("subnormal")]
    public void TellsKindsOfFloats(string kind)
    {
        var numbers = new RandomNumbers(36).Floats();
        Func<float, bool> isKind = kind switch
        {
            "finite" => float.IsFinite,
            "infinite" => float.IsInfinity,
            "number" => value => !float.IsNaN(value),
            "notanumber" => float.IsNaN,
            _ => float.IsSubnormal,
        };
        Assert.That(Lanes.Run<bool>($"testp.{kind}.f32 {{d}}, {{s0}};", [numbers]), Is.EqualTo(numbers.Select(isKind)));
    }

    private static bool Holds(string comparison, int order, bool isEqual) => comparison switch
    {
        "eq" => isEqual,
        "ne" => !isEqual,
        "lt" => order < 0 && !isEqual,
        "le" => order < 0 || isEqual,
        "gt" => order > 0 && !isEqual,
        _ => order > 0 || isEqual,
    };
}
