using System.Buffers.Binary;
using System.Text;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Damaged and hostile files of runs are refused with a clear error, and nothing has changed.</summary>
public sealed class CheckpointDamageTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.safetensors");

    /// <summary>The file at any length but its own.</summary>
    [Test]
    public void EveryTruncationIsRefused()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        run.Train(0, 2);
        Checkpoint.Save(File, run.Optimizer, run.Schedule);
        var bytes = System.IO.File.ReadAllBytes(File);
        for (var length = 0; length < bytes.Length; length++)
            run.AssertRefused(File, bytes[..length], $"length {length}");
        run.AssertRefused(File, [.. bytes, 0], "a byte too much");
    }

    /// <summary>One byte, anywhere, with any bits changed.</summary>
    [Test]
    public void EveryFlippedByteIsRefused()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        run.Train(0, 2);
        Checkpoint.Save(File, run.Optimizer, run.Schedule);
        var bytes = System.IO.File.ReadAllBytes(File);
        var random = new Random(1);
        for (var place = 0; place < bytes.Length; place++)
        {
            var damaged = bytes.AsSpan().ToArray();
            damaged[place] ^= (byte)random.Next(1, 256);
            run.AssertRefused(File, damaged, $"byte {place}");
        }
    }

    /// <summary>
    /// Several bytes changed, stretches moved, doubled, cut out. <c>-- TestRunParameters.Parameter(name="DamagedFiles", value="100000")</c> makes
    /// more.
    /// </summary>
    [Test]
    public void DamagedFilesAreRefused()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        run.Train(0, 1);
        Checkpoint.Save(File, run.Optimizer, run.Schedule);
        var bytes = System.IO.File.ReadAllBytes(File);
        var files = TestContext.Parameters.Get("DamagedFiles", 2000);
        for (var seed = 0; seed < files; seed++)
        {
            var damaged = Damaging.Change(bytes, new Random(seed));
            if (!damaged.AsSpan().SequenceEqual(bytes))
                run.AssertRefused(File, damaged, $"seed {seed}");
        }
    }

    [TestCase("""{"__metadata__":{"format":"pt"}}""", "gpuoptim.version")]
    [TestCase("""[]""", "The header must be an object. Actual kind was Array")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "'a' must be there once")]
    [TestCase("""{"a":{"dtype":"F99","shape":[1],"data_offsets":[4,0]}}""", "Tensor 'a' must have dtype, shape and data_offsets")]
    [TestCase("""{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}""", "The file must have")]
    [TestCase("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "Tensor 'a' must have dtype, shape and data_offsets")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "Tensor 'a' of shape [2] and dtype F32 must have 8 bytes. Actual number was 4")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,0]}}""", "is larger than any file")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "Tensor 'a' must begin where the one before ends, at byte 0")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"code":1}}""", "'code' is not as it should be")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775800,9223372036854775804]}}""", "Tensor 'a'")]
    [TestCase("""{"a":[[[[[[[[1]]]]]]]]}""", "The header must be JSON, at most 4 levels deep")]
    [TestCase("""{"a":""", "The header must be JSON")]
    public void HostileHeadersAreRefused(string header, string message)
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        var bytes = Encoding.UTF8.GetBytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, bytes.Length);
        Assert.That(run.AssertRefused(File, [.. prefix, .. bytes], header), Does.Contain(message).And.Contain(File));
    }

    /// <summary>A header that says it is as long as memory.</summary>
    [TestCase(ulong.MaxValue)]
    [TestCase(1UL << 40)]
    [TestCase(90_000_000UL)]
    public void HugeLengthsAreRefused(ulong length)
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        Assert.That(run.AssertRefused(File, bytes, $"{length}"), Does.Contain($"Actual length was {length}"));
    }
}
