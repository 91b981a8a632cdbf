using GpuOptim.Benchmarks.TorchSharp;

namespace GpuOptim.Tests.TorchSharp;

public sealed class NativeLibtorchTests
{
    /// <summary>One flag of one need becomes another, and no other byte; what is weak already stays so.</summary>
    [Test]
    public void OneNeedBecomesWeak()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        if (!File.Exists(path))
            Assert.Ignore("There is no library for Linux beside the tests.");
        byte[] library = File.ReadAllBytes(path), original = [.. library];
        Assert.That(NativeLibtorch.MarkWeak(library, "GLIBCXX_3.4.32"), Is.EqualTo(1));
        Assert.That(library.Zip(original).Count(pair => pair.First != pair.Second), Is.LessThanOrEqualTo(1));
        byte[] marked = [.. library];
        Assert.That(NativeLibtorch.MarkWeak(marked, "GLIBCXX_3.4.32"), Is.EqualTo(1));
        Assert.That(marked, Is.EqualTo(library));
        Assert.That(NativeLibtorch.MarkWeak(marked, "GLIBCXX_9.9"), Is.Zero);
    }

    [Test]
    public void WhatIsNoLibraryIsRefused() => Assert.That(() => NativeLibtorch.MarkWeak(new byte[100], "GLIBCXX_3.4.32"), Throws.ArgumentException.With.Message.StartsWith("library must be"));
}
