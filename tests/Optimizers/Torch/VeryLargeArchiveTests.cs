using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Tests.Optimizers.Torch;

public sealed class VeryLargeArchiveTests
{
    /// <summary>An entry whose length 32 bits do not count, and one behind it; writes 5 GB, so it runs when asked for by name.</summary>
    [Test, Explicit("writes 5 GB to the temporary folder")]
    public void LengthsBeyond32BitsComeBack()
    {
        const long Count = 1_200_000_000;
        var folder = Directory.CreateTempSubdirectory("gpuoptim-torch-").FullName;
        try
        {
            var path = Path.Combine(folder, "large.pt");
            StateTensor large = new(ElementType.Float32, [Count], new Zeros(Count * sizeof(float))), small = StateTensor.Create<float>([2], [1f, 2f]);
            var (pickle, tensors) = PickleWriter.Write(new PickleDictionary { ["large"] = large, ["small"] = small });
            AtomicFile.Write(path, stream => TorchArchiveWriter.Write(stream, pickle, tensors));

            using var file = TorchFile.Open(path);
            file.Verify();
            var root = (PickleDictionary)file.Root!;
            Assert.That(new TorchBytes(file, (TorchTensor)root["small"]!).ToArray(), Is.EqualTo(small.Bytes.ToArray()));
            var last = new byte[8];
            file.Read((TorchTensor)root["large"]!, Count * sizeof(float) - last.Length, last);
            Assert.That(last, Is.All.Zero);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Zeros(long length) : TensorBytes
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination) => destination.Clear();
    }
}
