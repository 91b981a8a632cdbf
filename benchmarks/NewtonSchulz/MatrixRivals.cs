using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>Others who multiply matrices.</summary>
internal static class MatrixRivals
{
    private static readonly string[] _types = ["bfloat16", "float32"];

    /// <summary>PyTorch in two types; nobody if it is not asked for.</summary>
    /// <param name="bench">Says who is asked for.</param>
    /// <param name="threads">How many threads it may use.</param>
    /// <param name="scope">Ends what it holds.</param>
    /// <param name="subject">What it does.</param>
    /// <param name="request">What to ask it for, of a type.</param>
    /// <param name="dense">Operations of the algorithm as it is written.</param>
    public static IReadOnlyList<Entry> Of(Bench bench, int threads, Scope scope, string subject, Func<string, string> request, double dense)
    {
        if (bench.Torch(threads) is not { } torch)
            return [];
        scope.Finally(torch.Clear);
        return
        [
            .. from type in _types
               let remote = torch.Create(request(type))
               where remote is not null
               select new Entry(subject, $"PyTorch {type}", remote, new Work(DenseFlops: dense)),
        ];
    }
}
