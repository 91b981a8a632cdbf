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

    /// <summary>Programs, in which nothing runs: a name says what is there.</summary>
    [TestCase(@"cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "os.system(…)")]
    [TestCase(@"cposix\nsystem\n.", "posix.system")]
    [TestCase(@"c__builtin__\neval\n)R.", "builtins.eval()")]
    [TestCase(@"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.", "os.system")]
    [TestCase(@"(ios\nsystem\n.", "os.system()")]
    [TestCase(@"(cos\nsystem\nK\x01o.", "os.system(…)")]
    [TestCase(@"cos\nsystem\n)\x81.", "os.system()")]
    [TestCase(@"cos\nsystem\n)}\x92.", "os.system()")]
    [TestCase(@"cos\nsystem\n)R)R)R.", "os.system()")]
    [TestCase(@"cSystem.IO.File, mscorlib\nDelete\n)R.", "System.IO.File, mscorlib.Delete()")]
    [TestCase(@"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "torch._utils._rebuild_tensor_v2.__globals__")]
    [TestCase(@"ccollections\nOrderedDict.__class__\n)R.", "collections.OrderedDict.__class__()")]
    [TestCase(@"c\n\n.", ".")]
    [TestCase(@"c\x01\xff\nx\n.", "??.x")]
    [TestCase(@"X\x01\x00\x00\x00\x1bX\x01\x00\x00\x00a\x93.", "?.a")]
    [TestCase(@"ctorch\nFloatStorage\n)R.", "torch.FloatStorage()")]
    [TestCase(@"ctorch\nSize\n)R.", "torch.Size()")]
    [TestCase(@"ctorch._utils\n_rebuild_tensor_v2\n)R.", "torch._utils._rebuild_tensor_v2()")]
    [TestCase(@"ctorch._utils\n_rebuild_parameter\nN\x85R.", "torch._utils._rebuild_parameter(…)")]
    [TestCase(@"ccollections\nOrderedDict\nK\x01\x85R.", "collections.OrderedDict(…)")]
    [TestCase(@"ccopyreg\n_reconstructor\n(cmine\nThing\nc__builtin__\nobject\nNtR}b.", "mine.Thing(…)")]
    [TestCase(@"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nctorch\nTensor\n)}tR.", "torch._tensor._rebuild_from_type_v2(…)")]
    [TestCase(@"(X\x07\x00\x00\x00storagectorch\nNewStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQ.", "torch.NewStorage(…)")]
    [TestCase(@"(X\x06\x00\x00\x00modulecmine\nNet\nX\x01\x00\x00\x00aX\x01\x00\x00\x00btQ.", "mine.Net")]
    public void ForeignNamesAreInert(string pickle, string expected) => Assert.That(Described(pickle), Is.EqualTo(expected));

    /// <summary>What such an object is given is with it, or left out; nothing else happens.</summary>
    [Test]
    public void ForeignObjectsKeepWhatTheyAreMadeOf()
    {
        var made = (PickleObject)Read(Regex.Unescape(@"cmine\nThing\nK\x01\x85R}b(K\x01K\x02e(K\x01K\x02uK\x03K\x04sK\x05a."))()!;
        Assert.That(made.Name, Is.EqualTo("mine.Thing"));
        Assert.That(made.Arguments, Is.EqualTo([1L]));
        Assert.That(made.State, Is.TypeOf<PickleDictionary>());
        Assert.That(((PickleObject)Read(Regex.Unescape(@"cmine\nThing\nq\x00h\x00b."))()!).State, Is.TypeOf<PickleObject>(), "itself");
    }

    [TestCase(@"X\x04\x00\x00\x00eval)R.", "A call must be of a function with a tuple. Actual values were eval and a tuple of 0")]
    [TestCase(@"ccollections\nOrderedDict\n]R.", "Actual values were collections.OrderedDict and a list of 0")]
    [TestCase(@"N)\x81.", "Actual values were None and a tuple of 0")]
    [TestCase(@"(o.", "An object must have a class")]
    [TestCase(@"K\x01K\x02\x93.", "A global name must be two texts. Actual values were 1 and 2")]
    [TestCase(@"X\x02\x00\x00\x00idQ.", "A persistent id must be of a storage: its class, key, location and number of elements. Actual value was id")]
    [TestCase(@"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ\xff\xff\xff\xfftQ.", "Storage '0' must fit into a file. Actual number of elements was -1")]
    [TestCase(@"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ftQ.", "Storage '0' must fit into a file")]
    [TestCase("(" + Storage + @"(X\x07\x00\x00\x00storagectorch\nDoubleStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQt.", "Storage '0' must have one type and length")]
    public void WhatCannotBeIsRefused(string pickle, string message) => Refused(Regex.Unescape(pickle), message);

    /// <summary>Each protocol has its own way to write the same.</summary>
    [TestCase(@"I5\n.", "5")]
    [TestCase(@"I01\n.", "True")]
    [TestCase(@"I00\n.", "False")]
    [TestCase(@"L-12345678901234567890L\n.", "-12345678901234567890")]
    [TestCase(@"L-7L\n.", "-7")]
    [TestCase(@"F1.5e3\n.", "1500")]
    [TestCase(@"F-inf\n.", "-Infinity")]
    [TestCase(@"S'a\\x41\\n\\'\\101\\q'\n.", "aA?'A\\q")]
    [TestCase(@"S""\xff""\n.", "1 bytes")]
    [TestCase(@"Va\xe4\\u20ac\\U0001f600\\u\n.", "aä€😀\\u")]
    [TestCase(@"U\x01a.", "a")]
    [TestCase(@"T\x02\x00\x00\x00\xff\xff.", "2 bytes")]
    [TestCase(@"\x8c\x01a.", "a")]
    [TestCase(@"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "a")]
    [TestCase(@"X\x03\x00\x00\x00\xed\xb2\x80.", "a text of 3 bytes")]
    [TestCase(@"C\x01a.", "1 bytes")]
    [TestCase(@"B\x01\x00\x00\x00a.", "1 bytes")]
    [TestCase(@"\x8e\x01\x00\x00\x00\x00\x00\x00\x00a.", "1 bytes")]
    [TestCase(@"\x96\x01\x00\x00\x00\x00\x00\x00\x00a.", "1 bytes")]
    [TestCase(@"c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xa4X\x06\x00\x00\x00latin1\x86R.", "1 bytes")]
    [TestCase(@"c__builtin__\nbytes\n)R.", "0 bytes")]
    [TestCase(@"\x8b\x02\x00\x00\x00\x00\x01.", "256")]
    [TestCase(@"(K\x01K\x02l.", "a list of 2")]
    [TestCase(@"(K\x01K\x02d.", "a dictionary of 1")]
    [TestCase(@"\x8f(K\x01K\x02\x90.", "a set of 2")]
    [TestCase(@"(K\x01K\x02\x91.", "a set of 2")]
    [TestCase(@"cbuiltins\nset\n]K\x01a\x85R.", "a set of 1")]
    [TestCase(@"cbuiltins\nfrozenset\n)R.", "a set of 0")]
    [TestCase(@"cbuiltins\nlist\nK\x01\x85\x85R.", "a list of 1")]
    [TestCase(@"cbuiltins\ntuple\n]K\x01a\x85R.", "a tuple of 1")]
    [TestCase(@"cbuiltins\ndict\n]K\x01K\x02\x86a\x85R.", "a dictionary of 1")]
    [TestCase(@"ccollections\nOrderedDict\n]]K\x01aK\x02aa\x85R.", "a dictionary of 1")]
    [TestCase(@"ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R.", "a dictionary of 0")]
    [TestCase(@"ccollections\nCounter\n}K\x01K\x02s\x85R.", "a dictionary of 1")]
    [TestCase(@"K\x01p7\ng7\n\x86.", "a tuple of 2")]
    [TestCase(@"K\x01\x94K\x02\x94h\x01\x87.", "a tuple of 3")]
    [TestCase(@"K\x012\x86.", "a tuple of 2")]
    [TestCase(@"K\x01K\x020.", "1")]
    [TestCase(@"K\x01(0.", "1")]
    [TestCase(@"K\x01(K\x02K\x031.", "1")]
    [TestCase(@"\x95\x03\x00\x00\x00\x00\x00\x00\x00K\x01.", "1")]
    [TestCase(@"\x80\x05N.", "None")]
    [TestCase(@"}b.", null)]
    [TestCase(@"K\x01}b.", "1")]
    public void EveryProtocolIsRead(string pickle, string? expected)
    {
        if (expected is null)
            Refused(Regex.Unescape(pickle), "must not take more values than it has");
        else
            Assert.That(Described(pickle), Is.EqualTo(expected));
    }

    /// <summary>Anything that does not change is a key; only what something is looked for by must be there once.</summary>
    [Test]
    public void KeysMayBeAnything()
    {
        var read = (PickleDictionary)Read(Regex.Unescape(@"}(NK\x01NK\x02\x88K\x03K\x01K\x04G\x3f\xf0\x00\x00\x00\x00\x00\x00K\x05)K\x06K\x01\x85K\x07K\x01\x85K\x08cmine\nThing\nK\x09u."))()!;
        Assert.That(read, Has.Count.EqualTo(8));
        Assert.That(read[PickleObject.None], Is.EqualTo(2L));
        Assert.That(read[true], Is.EqualTo(3L));
        Assert.That(read[1L], Is.EqualTo(4L));
        Assert.That(read[1.0], Is.EqualTo(5L));
    }

    [TestCase(@"K\x01", @"K\x08\x85", @"K\x01\x85", "Actual last element of offset 1, shape [8] and strides [1] was 8")]
    [TestCase(@"K\x00", @"K\x03K\x03\x86", @"K\x03K\x02\x86", "was 10")]
    [TestCase(@"J\xff\xff\xff\xff", @"K\x01\x85", @"K\x01\x85", "no negative number. Actual offset, shape and strides were -1, [1] and [1]")]
    [TestCase(@"K\x00", @"K\x02\x85", @"J\xff\xff\xff\xff\x85", "no negative number")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\xff\x85", @"K\x01\x85", "no negative number")]
    [TestCase(@"K\x00", @"K\x02\x85", ")", "as many strides")]
    [TestCase(@"K\x09", @"K\x00\x85", @"K\x01\x85", "must be within its 8 elements")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", @")", "must have as many strides as dimensions")]
    [TestCase(@"K\x00", @"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", @"K\x00K\x00K\x00\x87", "must fit into memory")]
    [TestCase(@"K\x00", @"K\x02K\x02\x86", @"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x86", "was 18446744073709551614")]
    [TestCase(@"K\x00", @"X\x01\x00\x00\x00a\x85", @"K\x01\x85", "Shape and strides of a tensor must be whole numbers")]
    public void TensorsBeyondTheirStorageAreRefused(string offset, string shape, string strides, string message) =>
        Refused(Regex.Unescape($@"ctorch._utils\n_rebuild_tensor_v2\n({Storage}{offset}{shape}{strides}\x89NtR."), message);

    [TestCase(@"h\x05.", "must remember what it refers to. Number 5 is missing")]
    [TestCase(@"j\xff\xff\xff\xff.", "Number 4294967295 is missing")]
    [TestCase(@"q\x00.", "must not take more values than it has")]
    [TestCase("(.", "must end with one value. Actual number was 0, with 1 marks")]
    [TestCase("NN.", "must end with one value. Actual number was 2")]
    [TestCase(".", "must end with one value. Actual number was 0")]
    [TestCase("t.", "must have a mark")]
    [TestCase("](NNa.", "Items must go into a list. Actual value was None")]
    [TestCase(@"N(\x85.", "must not take more values than it has")]
    [TestCase("N(Ne.", "Items must go into a list. Actual value was None")]
    [TestCase("}(Nu.", "Pairs must go into a dictionary")]
    [TestCase("](NNu.", "Pairs must go into a dictionary. Actual value was a list of 0, of 2 keys and values")]
    [TestCase("}]Ns.", "Keys of a dictionary must be what does not change. Actual value was a list of 0")]
    [TestCase(@"}K\x01NsK\x01Ns.", "Key '1' of a dictionary must be there once")]
    [TestCase(@"X\xff\xff\xff\xff.", "4294967295 more are asked for")]
    [TestCase(@"X\x01\x00\x00\x00\xff.", "must be UTF-8")]
    [TestCase(@"X\x03\x00\x00\x00\xed\x9f\xff.", "must be UTF-8")]
    [TestCase(@"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "18446744073709551615 more are asked for")]
    [TestCase(@"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "9223372036854775807 more are asked for")]
    [TestCase(@"B\xff\xff\xff\xff.", "4294967295 more are asked for")]
    [TestCase(@"\x8a\xff" + "1234.", "255 more are asked for")]
    [TestCase(@"\x8b\xff\xff\xff\x7f.", "2147483647 more are asked for")]
    [TestCase(@"\x8b\xff\xff\xff\xff.", "4294967295 more are asked for")]
    [TestCase(@"\x95\x04\x00\x00\x00\x00\x00\x00\x00K\x01.", "4 more are asked for")]
    [TestCase(@"\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "18446744073709551615 more are asked for")]
    [TestCase(@"\x80\x06N.", "must have a protocol from 2 to 5. Actual protocol was 6")]
    [TestCase(@"\x80\x01N.", "must have a protocol from 2 to 5. Actual protocol was 1")]
    [TestCase(@"Ix\n.", "A whole number must be one")]
    [TestCase(@"I\n.", "A whole number must be one")]
    [TestCase(@"Fx\n.", "A number must be one")]
    [TestCase(@"Sa\n.", "A text must be in quotes")]
    [TestCase(@"S'\n.", "A text must be in quotes")]
    [TestCase(@"Np-1\n.", "What is remembered must have a number")]
    [TestCase(@"1.", "must have a mark")]
    [TestCase(@"(1", "must be whole")]
    [TestCase(@"0.", "must not take more values than it has")]
    [TestCase(@"(e.", "must not take more values than it has")]
    [TestCase(@"N((e.", "must not take more values than it has")]
    [TestCase(@"I1", "must be whole")]
    [TestCase("N", "A pickle must be whole")]
    [TestCase("", "A pickle must be whole")]
    public void DamagedPicklesAreRefused(string pickle, string message) => Refused(Regex.Unescape(pickle), message);

    [Test]
    public void WhatIsTooMuchIsRefused()
    {
        Refused($"c{new string('a', 100_000)}\n\n.", "A global name must have at most 4096 characters");
        Refused($"V{new string('a', 100_000)}\n.", "A text must have at most 65536 characters");
    }

    /// <summary>Opcodes that reach outside of the file, and numbers that are none.</summary>
    [Test]
    public void OtherOpcodesAreRefused()
    {
        const string Known = "\u0080\u0095(012N\u0088\u0089KMJ\u008a\u008bILGF\u008cX\u008dVUTSCB\u008e\u0096]})\u008ft\u0085\u0086\u0087ld\u0091qrp\u0094hjgae\u0090suc\u0093R\u0081\u0092iobQ.";
        for (var code = '\0'; code <= 255; code++)
        {
            if (!Known.Contains(code, StringComparison.Ordinal))
                Refused($"}}}}{code}", $"Opcode 0x{(int)code:x2} at byte 4 is not allowed");
        }
    }

    /// <summary>Values of any size and depth are named in a few words.</summary>
    [Test]
    public void DescriptionsAreShort()
    {
        Assert.That(Described($"X\u0010\u0027\0\0{new string('a', 10_000)}.", escaped: false), Has.Length.EqualTo(101));
        Assert.That(Described($"c{new string('a', 250)}\n{new string('a', 250)}\n)R.", escaped: false), Has.Length.EqualTo(101));
        Assert.That(Described($"X\u0070\u0011\u0001\0{new string('a', 70_000)}.", escaped: false), Is.EqualTo("a text of 70000 bytes"));
        Assert.That(Described($"L{new string('9', 5_000)}L\n.", escaped: false), Is.EqualTo("builtins.int(…)"));
        Assert.That(Described($"\u008b\0\u0001\0\0{new string('9', 256)}.", escaped: false), Is.EqualTo("builtins.int(…)"));
        Assert.That(Described($"]q\0h\0a."), Is.EqualTo("a list of 1"));
        Assert.That(Described($"ctorch._utils\n_rebuild_tensor_v2\n({Storage}K\\x00K\\x02\\x85K\\x01\\x85\\x89NtR."), Is.EqualTo("a tensor of Float32, shape [2]"));
        Assert.That(Described($"{Storage}."), Is.EqualTo("a storage of 8 Float32"));
        Assert.That(Described("ctorch\nHalfStorage\n."), Is.EqualTo("torch.HalfStorage"));
    }

    /// <summary>Keys of an attacker's choice do not fall on the same place; if they did, this would take minutes.</summary>
    [Test]
    public void NumbersWithTheSameHashAreKeys()
    {
        var pickle = new StringBuilder("}(");
        for (var i = 0; i < 300_000; i++)
        {
            pickle.Append("\u008a\u0008");
            var key = ((long)i << 32) | (uint)i;
            for (var shift = 0; shift < 64; shift += 8)
                pickle.Append((char)(byte)(key >> shift));
            pickle.Append('N');
        }
        Assert.That(Read(pickle.Append("u.").ToString())(), Has.Count.EqualTo(300_000));
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

    private static string Described(string pickle, bool escaped = true) => PickleValue.Describe(Read(escaped ? Regex.Unescape(pickle) : pickle)());

    private static void Refused(string pickle, string message) =>
        Assert.That(() => Read(pickle)(), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message), pickle.Length < 200 ? pickle : message);

    /// <summary>Reads a pickle whose bytes are the characters.</summary>
    private static Func<object?> Read(string pickle) => () =>
    {
        var bytes = Encoding.Latin1.GetBytes(Start + pickle);
        return new PickleReader(new MemoryStream(bytes), bytes.Length, new()).Read();
    };
}
