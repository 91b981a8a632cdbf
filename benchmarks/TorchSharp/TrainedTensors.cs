using TorchSharp;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>The parameters of one contestant, with gradients: copies of numbers that all contestants start with.</summary>
internal sealed class TrainedTensors : IDisposable
{
    private readonly IReadOnlyList<torch.Tensor> _gradients;

    /// <summary>Copies numbers.</summary>
    /// <param name="data">What the parameters are at first.</param>
    /// <param name="gradients">What their gradients are.</param>
    public TrainedTensors(IReadOnlyList<torch.Tensor> data, IReadOnlyList<torch.Tensor> gradients)
    {
        _gradients = gradients;
        Parameters = [.. data.Select(numbers => new TorchParameter(numbers.clone()))];
        RenewGradients();
    }

    public IReadOnlyList<TorchParameter> Parameters { get; }

    /// <summary>By the names that optimizers here ask for.</summary>
    public IEnumerable<(string name, TorchParameter parameter)> Named => Parameters.Select((parameter, i) => ($"p{i}", parameter));

    /// <summary>Lets go of all gradients, and allocates others: what zeroing to null and a backward pass do.</summary>
    public void RenewGradients()
    {
        foreach (var parameter in Parameters)
            parameter.grad = null;
        for (var i = 0; i < Parameters.Count; i++)
        {
            using var gradient = _gradients[i].clone();
            Parameters[i].grad = gradient;
        }
    }

    /// <summary>The largest difference from another's numbers, as a share of the largest number of the tensor that it is in.</summary>
    public double DifferenceFrom(TrainedTensors other)
    {
        var largest = 0.0;
        using var withoutGradients = torch.no_grad();
        foreach (var (own, others) in Parameters.Zip(other.Parameters))
        {
            using var scope = torch.NewDisposeScope();
            // NaN must not pass for small.
            var share = ((own - others).abs().max() / others.abs().max()).item<float>();
            largest = double.IsNaN(share) ? double.PositiveInfinity : Math.Max(largest, share);
        }
        return largest;
    }

    public void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
    }
}
