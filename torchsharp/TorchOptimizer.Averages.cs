using GpuOptim.Optimizers;
using TorchSharp;

namespace GpuOptim.TorchSharp;

/// <content>Averages of the parameters in another module, which is then the averaged model.</content>
public abstract partial class TorchOptimizer
{
    private readonly List<(WeightAverage Average, torch.nn.Module Module, List<(TensorBinding Binding, nint Address)> Bindings)> _averages = [];

    /// <summary>
    /// An exponential moving average of the parameters, kept in another instance of the model. As <c>Inner.WeightAverage</c> it is updated by each step, and
    /// the model's buffers are copied, too.
    /// </summary>
    /// <param name="averaged">An instance of the same model, whose parameters are the averages from now on. Evaluate it as it is.</param>
    /// <param name="decay">How much of the average stays; in [0, 1], typically 0.999.</param>
    /// <exception cref="ArgumentException">The module is another model's.</exception>
    public WeightAverage ExponentialAverage(torch.nn.Module averaged, double decay = 0.999) =>
        Average(averaged, averages => WeightAverage.Exponential(Inner.Parameters, decay, averages));

    /// <summary>The mean of the parameters (SWA), kept in another instance of the model. <c>Update()</c> of what comes back takes the present ones in.</summary>
    /// <inheritdoc cref="ExponentialAverage"/>
    public WeightAverage EqualAverage(torch.nn.Module averaged) => Average(averaged, averages => WeightAverage.Equal(Inner.Parameters, averages));

    /// <summary>Copies the model's buffers, running means of normalizations, say, into a module that holds averages.</summary>
    /// <param name="averaged">An instance of the same model.</param>
    /// <exception cref="InvalidOperationException">The optimizer was made of named parameters, and knows no model.</exception>
    /// <exception cref="ArgumentException">The module is another model's.</exception>
    public void CopyBuffers(torch.nn.Module averaged)
    {
        ArgumentNullException.ThrowIfNull(averaged);
        if (_module is null)
            throw new InvalidOperationException("The optimizer must have been made of a model to copy its buffers: model.AdamW(…), say.");
        var buffers = averaged.named_buffers().ToDictionary(named => named.name, named => named.buffer);
        using var withoutGradients = torch.no_grad();
        foreach (var (name, buffer) in _module.named_buffers())
        {
            if (!buffers.TryGetValue(name, out var copy))
                throw new ArgumentException($"averaged must have the model's buffers. '{name}' is missing.", nameof(averaged));
            copy.copy_(buffer);
        }
    }

    private WeightAverage Average(torch.nn.Module averaged, Func<IEnumerable<Host.Parameter>, WeightAverage> create)
    {
        ArgumentNullException.ThrowIfNull(averaged);
        var tensors = averaged.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        List<(TensorBinding Binding, nint Address)> bindings = [];
        foreach (var parameter in Inner.Parameters)
        {
            if (!tensors.TryGetValue(parameter.Name, out var tensor))
                throw new ArgumentException($"averaged must have the model's parameters. '{parameter.Name}' is missing.", nameof(averaged));
            var binding = TensorBinding.Create(_device, parameter.Name, tensor);
            bindings.Add((binding, binding.Parameter.Data.Address));
        }
        var average = create(bindings.Select(bound => bound.Binding.Parameter));
        _averages.Add((average, averaged, bindings));
        return average;
    }

    /// <summary>Looks after the averages that a step updates: they must be where they were, and get the model's buffers.</summary>
    private void ReadAverages()
    {
        if (Inner.WeightAverage is not { } inUse)
            return;
        foreach (var (average, module, bindings) in _averages)
        {
            if (average != inUse)
                continue;
            foreach (var (binding, address) in bindings)
            {
                if (binding.Tensor.IsInvalid || TensorMemory.AddressOf(binding.Tensor) != address)
                    throw new InvalidOperationException($"The average of parameter '{binding.Name}' must stay where it was. It was moved or disposed of: make the average anew.");
            }
            if (_module is not null)
                CopyBuffers(module);
        }
    }
}
