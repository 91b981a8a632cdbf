using GpuOptim.Optimizers;
using TorchSharp;
using Modules = TorchSharp.Modules;

namespace GpuOptim.TorchSharp;

/// <content>Averages of the parameters in another module, which is then the averaged model.</content>
public abstract partial class TorchOptimizer
{
    private readonly List<(WeightAverage Average, torch.nn.Module Module)> _averages = [];

    /// <summary>
    /// An exponential moving average of the parameters, kept in another instance of the model. As <c>Inner.WeightAverage</c> it is updated by each step; the
    /// model's buffers are copied with each update, and what the optimizer does not train, once.
    /// </summary>
    /// <param name="averaged">An instance of the same model, whose parameters are the averages from now on. Evaluate it as it is.</param>
    /// <param name="decay">How much of the average stays; in [0, 1], typically 0.999.</param>
    /// <exception cref="ArgumentException">The module is another model's.</exception>
    public WeightAverage ExponentialAverage(torch.nn.Module averaged, double decay = 0.999) =>
        Average(averaged, averages => WeightAverage.Exponential(Inner.Parameters, decay, averages));

    /// <summary>
    /// The mean of the parameters (SWA), kept in another instance of the model. <c>Update()</c> of what comes back takes the present ones in.
    /// </summary>
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
        Copy(PairBuffers(_module, averaged));
    }

    private WeightAverage Average(torch.nn.Module averaged, Func<IEnumerable<Host.Parameter>, WeightAverage> create)
    {
        ArgumentNullException.ThrowIfNull(averaged);
        _averages.RemoveAll(each => each.Average.IsDisposed);
        if (_averages.Exists(each => each.Module == averaged))
            throw new ArgumentException("averaged must hold one average. It holds another already: dispose of that, or take another instance.", nameof(averaged));
        var tensors = averaged.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        var bindings = new List<TensorBinding>();
        try
        {
            foreach (var parameter in Inner.Parameters)
            {
                if (!tensors.Remove(parameter.Name, out var tensor))
                    throw new ArgumentException($"averaged must have the model's parameters. '{parameter.Name}' is missing.", nameof(averaged));
                var binding = TensorBinding.Create(_device, parameter.Name, tensor);
                bindings.Add(binding);
                // The average's tables have its address.
                var address = binding.Parameter.Data.Address;
                binding.Parameter.Locate = () =>
                {
                    if (tensor.IsInvalid || TensorMemory.AddressOf(tensor) != address)
                        throw new InvalidOperationException($"The average of parameter '{binding.Name}' must stay where it was. It was moved or disposed of: make the average anew.");
                };
            }
            CopyUntrained(tensors);
            var average = create(bindings.Select(binding => binding.Parameter));
            if (_module is not null)
            {
                var buffers = PairBuffers(_module, averaged);
                average.Updating = () => Copy(buffers);
            }
            _averages.Add((average, averaged));
            return average;
        }
        catch
        {
            bindings.ForEach(binding => binding.Dispose());
            throw;
        }
    }

    /// <summary>What the optimizer does not train is the model's, in the averaged one too.</summary>
    private void CopyUntrained(Dictionary<string, Modules.Parameter> left)
    {
        if (left.Count == 0)
            return;
        var own = _module?.named_parameters().ToDictionary(named => named.name, named => named.parameter) ?? [];
        if (left.Keys.FirstOrDefault(name => !own.ContainsKey(name)) is { } stranger)
            throw new ArgumentException($"Every parameter of averaged must be averaged. '{stranger}' is none of the optimizer's.", nameof(left));
        using var withoutGradients = torch.no_grad();
        foreach (var (name, tensor) in left)
            tensor.copy_(own[name]);
    }

    private static (torch.Tensor From, torch.Tensor To)[] PairBuffers(torch.nn.Module model, torch.nn.Module averaged)
    {
        var copies = averaged.named_buffers().ToDictionary(named => named.name, named => named.buffer);
        return [.. model.named_buffers().Select(named => copies.TryGetValue(named.name, out var copy) && copy.shape.AsSpan().SequenceEqual(named.buffer.shape)
            ? (named.buffer, copy)
            : throw new ArgumentException($"averaged must have the model's buffers. '{named.name}' is missing, or of another shape.", nameof(averaged)))];
    }

    private static void Copy((torch.Tensor From, torch.Tensor To)[] buffers)
    {
        using var withoutGradients = torch.no_grad();
        foreach (var (from, to) in buffers)
            to.copy_(from);
    }
}
