using System.Numerics;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>What programs keep beside their tensors, as <c>varied.py</c> wrote it with PyTorch 2.14, NumPy 2.4 and Python 3.14: none of it does harm.</summary>
public sealed class PickleRecordingTests
{
    [Test]
    public void WhatIsDataIsRead([Values(0, 2, 4, 5)] int protocol)
    {
        var root = ReadVaried(protocol);
        Assert.That(root["none"], Is.Null);
        Assert.That(root["flags"], Is.EqualTo((object[])[true, false]));
        Assert.That(root["numbers"], Is.EqualTo((long[])[0, 255, 256, 65535, 65536, -1, 1L << 31, -(1L << 31) - 1, 1L << 62, long.MaxValue, long.MinValue]));
        Assert.That(root["big"], Is.EqualTo((BigInteger[])[BigInteger.Pow(2, 63), -BigInteger.Pow(2, 63) - 1, BigInteger.Pow(10, 100)]));
        Assert.That(root["floats"], Is.EqualTo((double[])[0, -0.5, 1e300, double.PositiveInfinity]));
        Assert.That(root["texts"], Is.EqualTo((string[])["", "a", "ä€😀", new string('x', 300)]));
        Assert.That(((PickleList)root["bytes"]!).Cast<PickleBytes>().Select(bytes => bytes.Content), Is.EqualTo((byte[][])[[], [.. "abc"u8], [.. Enumerable.Range(0, 256).Select(value => (byte)value)], [.. Enumerable.Repeat((byte)'z', 300)]]));
        Assert.That(((PickleList)root["tuples"]!).Cast<object[]>(), Is.EqualTo(Enumerable.Range(0, 5).Select(count => Enumerable.Range(1, count).Select(number => (object)(long)number))));
        Assert.That(((PickleSet)root["set"]!).Items, Is.EquivalentTo((long[])[1, 2]));
        Assert.That(((PickleSet)root["frozen"]!).Items, Is.EqualTo((long[])[3]));
        Assert.That(((PickleDictionary)root["default"]!)["a"], Is.EqualTo((long[])[1]));
        Assert.That(root["counter"], Is.EqualTo(new PickleDictionary { ["a"] = 2L, ["b"] = 1L }));
        Assert.That(root["ordered"], Is.EqualTo(new PickleDictionary { ["b"] = 1L, ["a"] = 2L }));
        Assert.That(root["size"], Is.EqualTo((long[])[2, 3]));
        Assert.That(((PickleList)root["own"]!)[1], Is.SameAs(root["own"]));
        Assert.That(root[PickleObject.None], Is.EqualTo("None key"));
        Assert.That(root[2.5], Is.EqualTo("float key"));
        Assert.That(root.Values.OfType<string>(), Is.SupersetOf((string[])["tuple key", "enum key"]));
    }

    [Test]
    public void NumbersOfNumPyAreNumbers([Values(0, 2, 4, 5)] int protocol)
    {
        var root = ReadVaried(protocol);
        (string, object)[] numbers =
            [("f8", 0.25), ("f4", 0.5), ("f2", -1.5), ("i8", -3L), ("i4", 7L), ("i1", -8L), ("u8", new BigInteger(ulong.MaxValue)), ("u2", 9L), ("b1", true), ("big_endian", 1.5)];
        foreach (var (key, expected) in numbers)
            Assert.That(root[key], Is.EqualTo(expected), key);
    }

    /// <summary>Everything else says what it is.</summary>
    [TestCase("huge", "builtins.int(…)")]
    [TestCase("deque", "collections.deque()")]
    [TestCase("namespace", "argparse.Namespace(…)", "argparse.Namespace()")]
    [TestCase("enum", "__main__.Color(…)", "builtins.getattr(…)")]
    [TestCase("flag", "__main__.Flag(…)")]
    [TestCase("config", "__main__.Config(…)", "__main__.Config()")]
    [TestCase("settings", "__main__.Settings(…)", "__main__.Settings()")]
    [TestCase("point", "__main__.Point(…)")]
    [TestCase("path", "pathlib.PurePosixPath(…)")]
    [TestCase("date", "datetime.datetime(…)")]
    [TestCase("complex", "builtins.complex(…)")]
    [TestCase("function", "builtins.print")]
    [TestCase("longdouble", "numpy._core.multiarray.scalar(…)")]
    [TestCase("array", "numpy._core.multiarray._reconstruct(…)", "numpy._core.numeric._frombuffer(…)")]
    [TestCase("objects", "numpy._core.multiarray._reconstruct(…)")]
    [TestCase("dtype", "numpy.dtype(…)")]
    [TestCase("generator", "numpy.random._pickle.__generator_ctor(…)")]
    [TestCase("numpy_random", "a tuple of 5")]
    [TestCase("random", "a tuple of 3")]
    [TestCase("device", "torch.device(…)")]
    [TestCase("torch_dtype", "torch.float32")]
    public void WhatIsNotKnownIsNamed(string key, params string[] expected)
    {
        foreach (var protocol in (int[])[0, 2, 4, 5])
            Assert.That(PickleValue.Describe(ReadVaried(protocol)[key]), Is.AnyOf(expected), $"protocol {protocol}");
    }

    [Test]
    public void TensorsOfAllTypesAreCarried([Values("tensors.pt", "tensors5.pt", "tensors_legacy.pt")] string name)
    {
        using var file = TorchFile.Open(CaseRun.File(name));
        file.Verify();
        var root = (PickleDictionary)file.Root!;
        foreach (var (key, i) in ((string[])["plain", "attributed", "attributed_parameter", "parameter"]).Select((key, i) => (key, i)))
        {
            var bytes = file.Content((TorchTensor)root[key]!).Read(key).ToArray();
            Assert.That(Enumerable.Range(0, 6).Select(place => BitConverter.ToSingle(bytes, 4 * place)), Is.EqualTo(Enumerable.Range(i, 6)), key);
        }
        string[] carried =
        [
            "Float8_e4m3fn", "Float8_e4m3fnuz", "Float8_e5m2", "Float8_e5m2fnuz", "Float8_e8m0fnu", "Float4_e2m1fn_x2", "UInt16", "UInt32", "UInt64", "Complex32", "Complex64",
            "Float64", "Bool", "Bits8", "Bits1x8", "Bits2x4", "Bits4x2", "Bits16", "QInt8", "QUInt8", "QInt32",
        ];
        foreach (var type in carried)
        {
            var tensor = (TorchTensor)root[type.ToLowerInvariant()]!;
            Assert.That(tensor.ToString(), Is.EqualTo($"a tensor of {type}, shape [3]"));
            Assert.That(new TorchBytes(file, tensor).ToArray(), Has.Length.EqualTo(3 * tensor.Element.Size));
            Assert.That(() => file.Content(tensor).Bytes("It", ElementType.Float32, convert: false), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"It must be Float32. Actual type was {type}"));
        }
        // Others have another layout, or numbers that are not what the bytes say.
        foreach (var other in (string[])["quint4x2", "conjugate", "negative", "sparse", "csr", "nested", "meta", "module"])
            Assert.That(root[other], Is.TypeOf<PickleObject>(), other);
    }

    private static PickleDictionary ReadVaried(int protocol)
    {
        using var stream = File.OpenRead(CaseRun.File($"varied{protocol}.pkl"));
        return (PickleDictionary)new PickleReader(stream, stream.Length, new()).Read()!;
    }
}
