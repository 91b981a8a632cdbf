namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The bytes of a tensor in a PyTorch file, row by row.</summary>
internal sealed class TorchBytes(TorchFile file, TorchTensor tensor) : TensorBytes
{
    public override long Length => tensor.Count * tensor.Element.Size;

    public override void Read(long offset, Span<byte> destination) => file.Read(tensor, offset, destination);
}
