using TorchSharp;
using Optimizer = GpuOptim.Optimizers.Optimizer;
using Parameter = GpuOptim.Host.Parameter;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.TorchSharp;

/// <inheritdoc/>
/// <typeparam name="T">The optimizer at work.</typeparam>
public sealed class TorchOptimizer<T> : TorchOptimizer where T : Optimizer
{
    internal TorchOptimizer(torch.nn.Module? module, IEnumerable<(string Name, TorchParameter Parameter)> parameters, Func<IEnumerable<Parameter>, T> create)
        : base(module, parameters, create)
    {
    }

    /// <inheritdoc cref="TorchOptimizer.Inner"/>
    public new T Inner => (T)base.Inner;
}
