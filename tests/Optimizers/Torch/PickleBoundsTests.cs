using System.Text;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Pickles made to take memory, time or stack: what they take is bounded, whatever they say.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class PickleBoundsTests
{
    private const long Allowance = 64 << 20;

    /// <summary>Eight million bytes of the cheapest ways to ask for memory, whether it stays on the stack, in a list, or is dropped at once.</summary>
    [Test]
    public void MillionsOfValuesAreBounded([Values("", "0", "a")] string then, [Values(
        "N", "\u0088", "]", "}", ")", "\u008f", "K\u0005", "M\u0001\u0001", "J\u0001\u0001\u0001\u0001", "G12345678", "\u008a\u0001\u0080", "I300\n", "L300L\n", "F1\n", "V\n", "Va\n", "S''\n", "U\u0001a", "U\u0001\u00ff",
        "\u008c\u0001a", "X\u0001\0\0\0a", "C\0", "B\0\0\0\0", "(t", "(l", "(d", "(\u0091", "(K\u0001N\u0064", "N\u0085", "NN\u0086", "NNN\u0087", "N\u0094", "c\n\n", "X\0\0\0\0X\0\0\0\0\u0093", "(i\n\n", "h\0)R", "h\0)\u0081", "h\0)}\u0092", "(h\0o",
        "h\u0001)R", "h\u0002)R", "h\u0003)R", "h\u0004h\u0005\u0085R", "h\u0006h\u0005\u0085R", "h\u0007h\u0005\u0085R", "h\u0008h\u0009R", "h\u000aQ", "h\u000bh\u000cR", "]Na", "](NNNe", "}NNs", "}(NNK\u0001Nu", "\u008f(N\u0090")] string what)
    {
        const string Start = "c\n\nq\0ccollections\nOrderedDict\nq\u0001cbuiltins\nlist\nq\u0002cbuiltins\nset\nq\u0003cbuiltins\nlist\nq\u0004](NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNeq\u0005cbuiltins\ntuple\nq\u0006cbuiltins\nset\nq\u0007"
            + "ctorch._utils\n_rebuild_tensor\nq\u0008((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0008tq\u000aQK\0K\u0008\u0085K\u0001\u0085tq\u0009c_codecs\nencode\nq\u000bX\u0005\0\0\0abcdeX\u0006\0\0\0latin1\u0086q\u000c";
        var step = what + then;
        Bounded($"{Start}]{string.Concat(Enumerable.Repeat(step, 8_000_000 / step.Length))}.");
    }

    /// <summary>A million within each other: nobody walks them.</summary>
    [TestCase("]", "a")]
    [TestCase("}N", "s")]
    [TestCase("(", "t")]
    [TestCase("(", "l")]
    [TestCase("(", "\u0091")]
    [TestCase("c\n\n", "b")]
    [TestCase("c\n\n", "\u0085R")]
    public void MillionLevelsAreBounded(string open, string close)
    {
        const int Levels = 1_000_000;
        Bounded($"{string.Concat(Enumerable.Repeat(open, Levels))}N{string.Concat(Enumerable.Repeat(close, Levels))}.");
        // Less deep, it is data.
        var fewer = Bounded($"{string.Concat(Enumerable.Repeat(open, Levels / 10))}N{string.Concat(Enumerable.Repeat(close, Levels / 10))}.");
        Assert.That(PickleValue.Describe(fewer), Has.Length.LessThan(30));
    }

    [TestCase("N", "\u0085")]
    [TestCase("c\n\n", ")R")]
    [TestCase("N", "\u0085\u0094")]
    public void MillionLevelsOfTuplesAreData(string start, string step) =>
        Assert.That(Bounded($"{start}{string.Concat(Enumerable.Repeat(step, 500_000))}."), Is.Not.Null);

    /// <summary>Each level is the one before, ten times: it is there once. Copies are another matter.</summary>
    [Test]
    public void WhatIsSharedIsThereOnce()
    {
        var shared = new StringBuilder("]q\0");
        var copied = new StringBuilder("cbuiltins\nlist\nq\u0001]K\u0001aq\0");
        for (var level = 0; level < 60; level++)
        {
            shared.Append("](h\0h\0h\0h\0h\0h\0h\0h\0h\0h\0eq\0");
            copied.Append("h\u0001h\0\u0085R(h\0h\0h\0h\0eq\0");
        }
        for (var copy = 0; copy < 1000; copy++)
            copied.Append("h\u0001h\u0002\u0085R");
        Assert.That(Bounded($"({shared}t."), Has.Length.EqualTo(61));
        Refused($"({copied.Replace("q\0h\u0001h\u0002", $"q\0](" + string.Concat(Enumerable.Repeat("N", 100_000)) + "eq\u0002h\u0001h\u0002")}t.");
    }

    [TestCase("]q\0h\0a.")]
    [TestCase("]q\0]q\u0001h\0aa.")]
    [TestCase("}q\0K\u0001h\0s.")]
    [TestCase("]q\0h\0\u0085a.")]
    [TestCase("c\n\nq\0h\0\u0085Rq\0h\0b.")]
    [TestCase("]q\0cbuiltins\nlist\nh\0\u0085Ra.")]
    public void WhatContainsItselfIsData(string pickle) => Assert.That(PickleValue.Describe(Bounded(pickle)), Has.Length.LessThan(30));

    [Test]
    public void LargeBytesAndTextsAreTakenOnce()
    {
        var bytes = new string('\u0001', 60_000_000);
        Assert.That(Bounded($"\u008e\0\u0087\u0093\u0003\0\0\0\0{bytes}."), Is.TypeOf<PickleBytes>());
        Assert.That(Bounded($"X\0\u0087\u0093\u0003{bytes}."), Is.TypeOf<PickleBytes>());
        Assert.That(Bounded($"\u008b\0\u0087\u0093\u0003{bytes}."), Is.TypeOf<PickleObject>());
    }

    /// <summary>Numbers far apart to remember values by.</summary>
    [Test]
    public void SparseMemosAreBounded()
    {
        var pickle = new StringBuilder("N");
        for (var index = 0; index < 1_000_000; index++)
            pickle.Append('r').Append((char)(index & 255)).Append((char)((index >> 8) & 255)).Append((char)((index >> 16) & 255)).Append('\u0001');
        Refused(pickle.Append('.').ToString());
    }

    [Test]
    public void ManyStoragesAreBounded()
    {
        var pickle = new StringBuilder("(X\u0007\0\0\0storageq\0ctorch\nFloatStorage\nq\u0001X\u0003\0\0\0cpuq\u0002");
        for (var index = 0; index < 1_000_000; index++)
            pickle.Append($"(h\0h\u0001U\u0007{index:D7}h\u0002K\u0001tQ0");
        Refused(pickle.Append("t.").ToString());
    }

    private static void Refused(string pickle) => Assert.That(Bounded(pickle), Is.TypeOf<InvalidDataException>());

    /// <summary>What a pickle is read as, or why it is not.</summary>
    private static object? Bounded(string pickle)
    {
        var bytes = Encoding.Latin1.GetBytes("\u0080\u0005" + pickle);
        var before = GC.GetAllocatedBytesForCurrentThread();
        object? read;
        try
        {
            read = new PickleReader(new MemoryStream(bytes), bytes.Length, new()).Read();
        }
        catch (InvalidDataException failure)
        {
            Assert.That(failure.Message, Does.Contain("must take at most").Or.Contain("must be there once").Or.Contain("must end with one value").Or.Contain("Items must go into a list"));
            read = failure;
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(bytes.Length + Allowance));
        return read;
    }
}
