using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Runs and parameters by way of streams: what is written is what files hold, from wherever a stream stands, whether it can seek or not.</summary>
public sealed class CheckpointStreamTests : FolderTest
{
    private string Path => System.IO.Path.Combine(Folder, "run.safetensors");

    [Test]
    public void RunsGoThroughAnyStream([Values] bool canSeek)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "scaled"), other = new(new SimdDevice(threads: 1), "scaled");
        run.Train(0, 3);
        Checkpoint.Save(Path, run.Optimizer, run.Schedule);
        using var memory = Begun();
        using (var stream = new OneWay(memory, canSeek))
            Checkpoint.Save(stream, run.Optimizer, run.Schedule);
        Assert.That(memory.ToArray(), Is.EqualTo([1, 2, 3, .. File.ReadAllBytes(Path)]));
        Assert.That(memory.Position, Is.EqualTo(memory.Length));

        memory.Position = 3;
        using (var stream = new OneWay(memory, canSeek))
            Checkpoint.Load(stream, other.Optimizer, other.Schedule);
        other.AssertEqual(run);
        Assert.That(memory.Position, Is.EqualTo(memory.Length));
        memory.Position = 2;
        using var wrong = new OneWay(memory, canSeek);
        Assert.That(() => Checkpoint.Load(wrong, other.Optimizer, other.Schedule), Throws.TypeOf<InvalidDataException>().With.Message.Contains("File: 'stream'"));
        other.AssertEqual(run);
    }

    [Test]
    public void ParametersGoThroughAnyStream([Values] bool canSeek)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "model"), other = new(new SimdDevice(threads: 1), "model");
        run.Train(0, 1);
        using var memory = Begun();
        using (var stream = new OneWay(memory, canSeek))
            Checkpoint.SaveParameters(stream, run.Parameters);
        memory.Position = 3;
        using (var stream = new OneWay(memory, canSeek))
            Assert.That(Checkpoint.LoadParameters(stream, other.Parameters).Loaded, Has.Count.EqualTo(4));
        other.AssertParametersEqual(run);
        Assert.That(() => Checkpoint.LoadParameters(new OneWay(memory, canSeek: false, canRead: false), other.Parameters), Throws.ArgumentException.With.Message.Contains("stream must be readable"));
        Assert.That(() => Checkpoint.SaveParameters(new MemoryStream([], writable: false), other.Parameters), Throws.ArgumentException.With.Message.Contains("stream must be writable"));
    }

    /// <summary>PyTorch's format, too.</summary>
    [Test]
    public void ArchivesGoThroughAnyStream([Values] bool canSeek)
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "model");
        var path = System.IO.Path.Combine(Folder, "run.pt");
        TorchCheckpoint.SaveParameters(path, run.Parameters);
        using var memory = Begun();
        var root = new PickleDictionary();
        foreach (var (name, tensor) in CheckpointContent.Live(run.Parameters))
            root.Add(name, tensor);
        var (pickle, storages) = PickleWriter.Write(root);
        using (var stream = new OneWay(memory, canSeek))
            TorchArchiveWriter.Write(stream, pickle, storages);
        Assert.That(memory.ToArray(), Is.EqualTo([1, 2, 3, .. File.ReadAllBytes(path)]));
        memory.Position = 3;
        using (var stream = new OneWay(memory, canSeek))
        using (var file = TorchFile.Open(stream, "stream"))
        {
            file.Verify();
            Assert.That(((PickleDictionary)file.Root!).Keys, Is.EqualTo(root.Keys));
            foreach (var (name, tensor) in root)
                Assert.That(new TorchBytes(file, (TorchTensor)((PickleDictionary)file.Root!)[name]!).ToArray(), Is.EqualTo(((StateTensor)tensor!).Bytes.ToArray()));
        }
        Assert.That(memory.Position, Is.EqualTo(memory.Length));
    }

    private static MemoryStream Begun()
    {
        var memory = new MemoryStream();
        memory.Write([1, 2, 3]);
        return memory;
    }

    /// <summary>A stream that gives as little as it may, and may not be able to seek, as those of networks are.</summary>
    private sealed class OneWay(MemoryStream inner, bool canSeek, bool canRead = true) : Stream
    {
        public override bool CanRead => canRead;

        public override bool CanSeek => canSeek;

        public override bool CanWrite => true;

        public override long Length => canSeek ? inner.Length : throw new NotSupportedException();

        public override long Position
        {
            get => canSeek ? inner.Position : throw new NotSupportedException();
            set => inner.Position = canSeek ? value : throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(7, count));

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => canSeek ? inner.Seek(offset, origin) : throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
