using GpuOptim.Samples.Mnist;
using static TorchSharp.torch;

namespace GpuOptim.Samples.OnTorchSharp;

/// <summary>Digits as tensors.</summary>
/// <param name="digits">The digits.</param>
internal sealed class Examples(Digits digits) : IDisposable
{
    public int Count { get; } = digits.Count;

    public Tensor Images { get; } = tensor(digits.Images, [digits.Count, 1, 28, 28]);

    public Tensor Labels { get; } = tensor(digits.Labels, dtype: int64);

    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
