using GpuOptim.Optimizers;
using TorchSharp;

namespace GpuOptim.TorchSharp;

/// <summary>What a <see cref="GradientScaler"/> does for tensors.</summary>
public static class GradientScalerExtensions
{
    /// <summary>The loss times the scale: <c>scaler.ScaleLoss(loss).backward()</c>. PyTorch: <c>scaler.scale(loss)</c>.</summary>
    /// <param name="scaler">The scaler.</param>
    /// <param name="loss">The loss.</param>
    /// <exception cref="ObjectDisposedException">The scaler was disposed of.</exception>
    public static torch.Tensor ScaleLoss(this GradientScaler scaler, torch.Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(scaler);
        ArgumentNullException.ThrowIfNull(loss);
        return loss * scaler.ReadScale();
    }
}
