using System.Diagnostics;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

[Parallelizable(ParallelScope.Self)]
public sealed class AtomicFileTests : FolderTest
{
    private const string PathVariable = "GPUOPTIM_TESTS_WRITE_UNTIL_KILLED";

    private string Target => Path.Combine(Folder, "run.safetensors");

    /// <summary>Files that killed writers left go with the next save of the same name; others of the folder stay, whatever they are called.</summary>
    [Test]
    public void WhatKilledWritersLeftIsRemoved()
    {
        string[] strangers = ["other.safetensors.00112233445566778899aabbccddeeff.tmp", "run.safetensors.tmp", "run.safetensors.00112233445566778899aabbccddeefg.tmp", "run.safetensors.x00112233445566778899aabbccddeeff.tmp"];
        foreach (var name in strangers)
            File.WriteAllText(Path.Combine(Folder, name), "stays");
        for (var i = 0; i < 25; i++)
            File.WriteAllText($"{Target}.{Guid.NewGuid():N}.tmp", "half a file");
        AtomicFile.Write(Target, stream => stream.WriteByte(1));
        Assert.That(Directory.GetFiles(Folder).Select(Path.GetFileName), Is.EquivalentTo([.. strangers, "run.safetensors"]));
    }

    /// <summary>Processes that save to one name are killed while they do.</summary>
    [Test]
    public void KilledProcessesLeaveNothingAfterOneMoreSave()
    {
        var program = Path.Combine(TestContext.CurrentContext.TestDirectory, "GpuOptim.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        if (!File.Exists(program))
            Assert.Ignore($"There is no '{program}'.");
        for (var kill = 0; kill < 3; kill++)
        {
            var start = new ProcessStartInfo(program, ["--filter", $"FullyQualifiedName~{nameof(WritesUntilItIsKilled)}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment[PathVariable] = Target;
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            Assert.That(SpinWait.SpinUntil(() => File.Exists(Target) && Left() >= 5, TimeSpan.FromSeconds(60)));
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            Assert.That(Left(), Is.Positive, $"kill {kill}");
        }
        AtomicFile.Write(Target, stream => stream.WriteByte(1));
        Assert.That(Directory.GetFiles(Folder), Is.EqualTo([Target]));

        int Left() => Directory.GetFiles(Folder, "*.tmp").Length;
    }

    [Test, Explicit("goes on until another test kills it")]
    public void WritesUntilItIsKilled()
    {
        var path = Environment.GetEnvironmentVariable(PathVariable);
        if (path is null)
            Assert.Ignore($"{PathVariable} is not set.");
        Parallel.For(0, 9, new ParallelOptions { MaxDegreeOfParallelism = 9 }, i =>
        {
            while (true)
            {
                AtomicFile.Write(path!, stream =>
                {
                    stream.Write(new byte[1 << 16]);
                    Thread.Sleep(20 * i);
                });
            }
        });
    }

    /// <summary>A writer that is at work keeps its file while others save to the same name; what was to be saved later is there in the end.</summary>
    [Test]
    public void WritersAtWorkAreLeftAlone()
    {
        using ManualResetEventSlim isWriting = new(), mayEnd = new();
        var slow = Task.Run(() => AtomicFile.Write(Target, stream =>
        {
            stream.WriteByte(1);
            isWriting.Set();
            mayEnd.Wait();
        }));
        isWriting.Wait();
        AtomicFile.Write(Target, stream => stream.WriteByte(2));
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(2));
        Assert.That(File.ReadAllBytes(Target), Is.EqualTo([2]));
        mayEnd.Set();
        slow.Wait();
        Assert.That(Directory.GetFiles(Folder), Is.EqualTo([Target]));
        Assert.That(File.ReadAllBytes(Target), Is.EqualTo([2]));
    }

    /// <summary>Many at once: each succeeds, and in the end there is one file.</summary>
    [Test]
    public void ManyWritersGetOnWithEachOther()
    {
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => AtomicFile.Write(Target, stream => stream.Write([.. Enumerable.Repeat((byte)i, 1000)])));
        Assert.That(Directory.GetFiles(Folder), Is.EqualTo([Target]));
        Assert.That(File.ReadAllBytes(Target).Distinct().Count(), Is.EqualTo(1));
    }

    /// <summary>A link stays, and so does a link that it leads to; what they lead to is replaced, or made.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void LinksAreFollowed(bool isThere)
    {
        var real = Directory.CreateDirectory(Path.Combine(Folder, "real", "inner")).FullName;
        var file = Path.Combine(Folder, "real", "file");
        if (isThere)
            File.WriteAllText(file, "old");
        // A link by a relative path, in a folder that is itself a link: up from where that leads.
        Link(Path.Combine(real, "second"), "../file");
        Directory.CreateSymbolicLink(Path.Combine(Folder, "folder"), real);
        Link(Target, Path.Combine("folder", "second"));
        AtomicFile.Write(Target, stream => stream.WriteByte(7));
        Assert.That(File.ReadAllBytes(file), Is.EqualTo([7]));
        Assert.That(File.ReadAllBytes(Target), Is.EqualTo([7]));
        Assert.That(new FileInfo(Target).LinkTarget, Is.Not.Null);
        Assert.That(new FileInfo(Path.Combine(real, "second")).LinkTarget, Is.Not.Null);
        Assert.That(Directory.GetFiles(Folder, "*.tmp", SearchOption.AllDirectories), Is.Empty);
    }

    [Test]
    public void LinksThatLeadNowhereAreRefused()
    {
        Link(Target, Path.Combine(Folder, "none", "file"));
        Assert.That(() => AtomicFile.Write(Target, stream => stream.WriteByte(1)), Throws.InstanceOf<IOException>());
        Link(Path.Combine(Folder, "a"), "b");
        Link(Path.Combine(Folder, "b"), "a");
        Assert.That(() => AtomicFile.Write(Path.Combine(Folder, "a"), stream => stream.WriteByte(1)), Throws.InstanceOf<IOException>().With.Message.Contains("Links must lead to a file, over at most 40 of them"));
    }

    [Test]
    [Platform(Exclude = "Win")]
    public void PermissionsAreKept([Values(UnixFileMode.UserRead | UnixFileMode.UserWrite, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)] UnixFileMode mode)
    {
        File.WriteAllText(Target, "old");
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(Target, mode);
        AtomicFile.Write(Target, stream =>
        {
            stream.WriteByte(1);
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(stream.SafeFileHandle) & ~(mode | UnixFileMode.UserRead | UnixFileMode.UserWrite), Is.EqualTo(UnixFileMode.None), "nobody may look while it is written");
        });
        Assert.That(File.GetUnixFileMode(Target), Is.EqualTo(mode));
        Assert.That(File.ReadAllBytes(Target), Is.EqualTo([1]));
    }

    private static void Link(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
        }
        catch (Exception failure) when (OperatingSystem.IsWindows() && failure is IOException or UnauthorizedAccessException)
        {
            Assert.Ignore($"Links cannot be made here. {failure.Message}");
        }
    }
}
