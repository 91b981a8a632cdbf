using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Throughput;
using TorchSharp;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>TorchSharp's own optimizers, on its own tensors.</summary>
internal sealed class TorchSharpRival : IUpdateRival
{
    private const string Name = "TorchSharp";

    public string Description { get; } = $"{Name} {typeof(torch).Assembly.GetName().Version?.ToString(3)}";

    public IReadOnlyList<Entry> Updates(Scope scope, UpdateJob job) => job.Type != NumberType.Float32 ? [] :
    [
        .. job.Contestants.Where(contestant => TorchSharpOptimizers.Has(contestant.Options)).Select(contestant =>
        {
            torch.set_num_threads(job.Threads);
            var parameters = Enumerable.Range(0, job.Layout.Count).Select(i => scope.Keep(Make(i * job.Layout.Length, job.Layout.Length))).ToArray();
            var optimizer = scope.Keep(TorchSharpOptimizers.Create(contestant.Options, parameters));
            var heap = new NativeHeap(room: 8 * sizeof(float) * job.Layout.Elements);
            var steps = new StepWorkload(() => optimizer.step(), between: heap.TrimIfLarge);
            return new Entry(contestant.Name, Name, steps, contestant.Work(job.Type, job.Layout.Elements))
            {
                Check = () => UpdateCheck.Run(Name, contestant, job.Type, job.Layout.Elements, places => [.. places.Select(place => Read(parameters, job, place))], () => optimizer.step()),
            };
        }),
    ];

    private static TorchParameter Make(long start, long length)
    {
        var parameter = new TorchParameter(Tensor(length, i => Numbers.Parameter(start + i)));
        using var gradient = Tensor(length, i => Numbers.Gradient(start + i));
        parameter.grad = gradient;
        return parameter;
    }

    private static torch.Tensor Tensor(long length, Func<long, float> number)
    {
        var numbers = new float[length];
        for (var i = 0L; i < length; i++)
            numbers[i] = number(i);
        return torch.tensor(numbers);
    }

    private static double Read(TorchParameter[] parameters, UpdateJob job, long place)
    {
        using var scope = torch.NewDisposeScope();
        var (tensor, element) = job.Find(place);
        return parameters[tensor][element].item<float>();
    }
}
