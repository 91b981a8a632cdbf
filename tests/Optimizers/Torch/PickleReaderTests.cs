using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Pickles are programs; here they are data, or refused.</summary>
public sealed class PickleReaderTests
{
    private const string Start = "\u0080\u0002";

    /// <summary>A storage of eight numbers; as all pickles of test cases, in ASCII with escapes.</summary>
    private const string Storage = @"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQ";

    [TestCase(@"cos\nsystem\n" + @"X\x02\x00\x00\x00ls\x85R.", "Global 'os.system' is not allowed")]
    [TestCase(@"cposix\nsystem\n.", "Global 'posix.system' is not allowed")]
    [TestCase(@"cbuiltins\neval\n.", "Global 'builtins.eval' is not allowed")]
    [TestCase(@"ctorch.hub\nload\n.", "Global 'torch.hub.load' is not allowed")]
    [TestCase(@"ctorch\nFloatStorage.__init__\n.", "Global 'torch.FloatStorage.__init__' is not allowed")]
    [TestCase(@"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "is not allowed")]
    [TestCase(@"ccollections\nOrderedDict.__class__\n.", "Global 'collections.OrderedDict.__class__' is not allowed")]
    [TestCase(@"c\n\n.", "Global '.' is not allowed")]
    [TestCase(@"c\x01\xff\nx\n.", "Global '??.x' is not allowed")]
    [TestCase(@"ctorch\nFloatStorage\n)R.", "REDUCE must call an allowed function with a tuple")]
    [TestCase(@"X\x04\x00\x00\x00eval)R.", "REDUCE must call an allowed function with a tuple")]
    [TestCase(@"ccollections\nOrderedDict\n]R.", "REDUCE must call an allowed function with a tuple")]
    [TestCase(@"ccollections\nOrderedDict\nK\x01\x85R.", "Arguments of 'collections.OrderedDict'")]
    [TestCase(@"ctorch\nSize\n)R.", "Arguments of 'torch.Size'")]
    [TestCase(@"ctorch._utils\n_rebuild_tensor_v2\n)R.", "Arguments of 'torch._utils._rebuild_tensor_v2'")]
    [TestCase(@"ctorch._utils\n_rebuild_parameter\nN\x85R.", "Arguments of 'torch._utils._rebuild_parameter'")]
    [TestCase("]N}b.", "Opcode 0x62 at byte")]
    [TestCase(@"N)\x81.", "Opcode 0x81 at byte")]
    [TestCase(@"X\x02\x00\x00\x00idQ.", "A persistent id must be of a storage")]
    [TestCase(@"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ\xff\xff\xff\xfftQ.", "Storage '0' must fit into a file. Actual number of elements was -1")]
    [TestCase(@"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ftQ.", "Storage '0' must fit into a file")]
    [TestCase("(" + Storage + @"(X\x07\x00\x00\x00storagectorch\nDoubleStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQt.", "Storage '0' must have one type and length")]
    public void ForeignNamesAreRefused(string pickle, string message) => Refused(Regex.Unescape(pickle), message);

    [TestCase(@"K\x01", @"K\x08\x85", @"K\x01\x85", "Actual last element of offset 1, shape [8] and strides [1] was 8")]
    [TestCase(@"K\x00", @"K\x03K\x03\x86", @"K\x03K\x02\x86", "was 10")]
    [TestCase(@"J\xff\xff\xff\xff", @"K\x01\x85", @"K\x01\x85", "no negative number. Actual offset, shape and strides were -1, [1] and [1]")]
    [TestCase(@"K\x00", @"K\x02\x85", @"J\xff\xff\xff\xff\x85", "no negative number")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\xff\x85", @"K\x01\x85", "no negative number")]
    [TestCase(@"K\x00", @"K\x02\x85", ")", "as many strides")]
    [TestCase(@"K\x09", @"K\x00\x85", @"K\x01\x85", "must be within its 8 elements")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", @")\x86", "Arguments of")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", @"K\x00K\x00K\x00\x87", "must fit into memory")]
    [TestCase(@"K\x00", @"K\x02K\x02\x86", @"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x86", "was 18446744073709551614")]
    [TestCase(@"K\x00", @"X\x01\x00\x00\x00a\x85", @"K\x01\x85", "Shape and strides of a tensor must be whole numbers")]
    public void TensorsBeyondTheirStorageAreRefused(string offset, string shape, string strides, string message) =>
        Refused(Regex.Unescape($@"ctorch._utils\n_rebuild_tensor_v2\n({Storage}{offset}{shape}{strides}\x89NtR."), message);

    [TestCase(@"]q\x00h\x00a.", "must not contain what contains itself")]
    [TestCase(@"}q\x00X\x01\x00\x00\x00ah\x00s.", "must not contain what contains itself")]
    [TestCase(@"]q\x00]q\x01h\x00aa.", "must not contain what contains itself")]
    [TestCase(@"]q\x00h\x00\x85a.", "must not contain what contains itself")]
    [TestCase(@"h\x05.", "must remember what it refers to. Number 5 is missing")]
    [TestCase(@"j\xff\xff\xff\xff.", "Number 4294967295 is missing")]
    [TestCase(@"q\x00.", "must not take more values than it has")]
    [TestCase("(.", "must end with one value. Actual number was 0, with 1 marks")]
    [TestCase("NN.", "must end with one value. Actual number was 2")]
    [TestCase(".", "must end with one value. Actual number was 0")]
    [TestCase("t.", "must have a mark")]
    [TestCase("](NNa.", "Items must go into a list. Actual kind was None")]
    [TestCase(@"N(\x85.", "must not take more values than it has")]
    [TestCase("N(Ne.", "Items must go into a list. Actual kind was None")]
    [TestCase("}(Nu.", "Pairs must go into a dictionary")]
    [TestCase("](NNu.", "Pairs must go into a dictionary. Actual kind was List`1")]
    [TestCase("}]Ns.", "Keys of a dictionary must be texts or whole numbers. Actual kind was List`1")]
    [TestCase(@"}K\x01NsK\x01Ns.", "Key '1' of a dictionary must be there once")]
    [TestCase(@"X\xff\xff\xff\xff.", "4294967295 more are asked for")]
    [TestCase(@"X\x01\x00\x00\x00\xff.", "must be UTF-8")]
    [TestCase(@"\x8a\xff" + "1234.", "A whole number must have at most 16 bytes. Actual number was 255")]
    [TestCase(@"\x80\x04N.", "must have protocol 2, as torch.save writes it. Actual protocol was 4")]
    [TestCase("N", "A pickle must be whole")]
    [TestCase("", "A pickle must be whole")]
    public void DamagedPicklesAreRefused(string pickle, string message) => Refused(Regex.Unescape(pickle), message);

    [Test]
    public void WhatIsTooMuchIsRefused()
    {
        Refused($"{new string(']', 100_000)}{new string('a', 99_999)}.", "nested at most 64 deep");
        Refused($"{new string('(', 100_000)}{new string('t', 100_000)}.", "nested at most 64 deep");
        Refused($"N{new string('\u0085', 100_000)}.", "nested at most 64 deep");
        Refused($"c{new string('a', 100_000)}\n\n.", "A global name must have at most 256 characters");
        Refused($"({new string('}', PickleReader.MaxValues)}t.", "at most 8000000 values");
        Refused($"({new string('(', PickleReader.MaxValues)}t.", "at most 8000000 values");
    }

    /// <summary>Ten times ten times ten: what is shared is there once, and is looked at once.</summary>
    [Test]
    public void WhatIsSharedIsVisitedOnce()
    {
        var pickle = new StringBuilder("]q\0");
        for (var level = 1; level < 60; level++)
            pickle.Append($"](h{(char)(level - 1)}h{(char)(level - 1)}h{(char)(level - 1)}h{(char)(level - 1)}h{(char)(level - 1)}eq{(char)level}");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.That(Read(pickle.Insert(0, '(').Append("t.").ToString())(), Has.Length.EqualTo(60));
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    /// <summary>Each opcode that there is but that torch.save never writes: making objects, other protocols, Python 2.</summary>
    [Test]
    public void OtherOpcodesAreRefused()
    {
        const string Known = "\u0080(N\u0088\u0089KMJ\u008aGX]})t\u0085\u0086\u0087qrhjaesucRQb.";
        for (var code = '\0'; code <= 255; code++)
        {
            if (!Known.Contains(code, StringComparison.Ordinal))
                Refused($"}}}}{code}", $"Opcode 0x{(int)code:x2} at byte 4 is not allowed there");
        }
    }

    [Test]
    public void NumbersComeBack()
    {
        Assert.That(Read("\u008a\u000al\u00fc\u009cF\u00f9 j\u00a8P\u0019.")(), Is.EqualTo(BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That(Read("M\u00e9\u0003.")(), Is.EqualTo(1001L));
        Assert.That(Read("J\u00fe\u00ff\u00ff\u00ff.")(), Is.EqualTo(-2L));
        Assert.That(Read("\u008a\0.")(), Is.EqualTo(BigInteger.Zero).Or.EqualTo(0L));
        Assert.That(Read("G\u003f\u00f0\0\0\0\0\0\0.")(), Is.EqualTo(1.0));
    }

    /// <summary>A module's dictionary knows versions of its layers.</summary>
    [Test]
    public void AttributesOfDictionariesAreLeftOut() =>
        Assert.That(Read("ccollections\nOrderedDict\n)RK\u0001K\u0002s}X\u0009\0\0\0_metadata}sb.")(), Is.EqualTo(new PickleDictionary { [1L] = 2L }));

    /// <summary>Whatever is written is read as it was.</summary>
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public Property ValuesComeBack() => Prop.ForAll(Values(4).ToArbitrary(), value =>
    {
        using var stream = new MemoryStream(PickleWriter.Write(value).Pickle);
        Assert.That(new PickleReader(stream, stream.Length, new()).Read(), Is.EqualTo(value));
    });

    private static Gen<object?> Values(int depth)
    {
        var leaves = Gen.OneOf(
            Gen.Constant<object?>(null),
            ArbMap.Default.GeneratorFor<bool>().Select(value => (object?)value),
            ArbMap.Default.GeneratorFor<long>().Select(value => (object?)value),
            ArbMap.Default.GeneratorFor<double>().Where(value => !double.IsNaN(value)).Select(value => (object?)value),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Where(text => !text.Get.Any(char.IsSurrogate)).Select(text => (object?)text.Get));
        if (depth == 0)
            return leaves;
        var some = Values(depth - 1).ListOf();
        return Gen.OneOf(
            leaves,
            some.Select(items => (object?)items.ToList()),
            some.Select(items => (object?)items.ToArray()),
            some.Select(items => (object?)new PickleDictionary(items.Select((item, i) => KeyValuePair.Create(i % 2 == 0 ? (object)(long)i : $"{i}", item)))));
    }

    private static void Refused(string pickle, string message) =>
        Assert.That(() => Read(pickle)(), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message), pickle.Length < 200 ? pickle : message);

    /// <summary>Reads a pickle whose bytes are the characters.</summary>
    private static Func<object?> Read(string pickle) => () =>
    {
        var bytes = Encoding.Latin1.GetBytes(Start + pickle);
        return new PickleReader(new MemoryStream(bytes), bytes.Length, new()).Read();
    };
}
