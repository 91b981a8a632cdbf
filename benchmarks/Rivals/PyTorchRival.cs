using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Throughput;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>The optimizers of the installed Python's torch, in each of its three modes.</summary>
/// <param name="torch">PyTorch with a number of threads.</param>
/// <param name="description">Its version.</param>
internal sealed class PyTorchRival(Func<int, PyTorch> torch, string description) : IUpdateRival
{
    private static readonly string[] _modes = ["default", "foreach", "fused"];

    public string Description => description;

    public IReadOnlyList<Entry> Updates(Scope scope, UpdateJob job)
    {
        if (job.Type.PyTorchName is not { } type)
            return [];
        var process = torch(job.Threads);
        scope.Finally(process.Clear);
        return
        [
            .. from mode in _modes
               from contestant in job.Contestants
               let remote = process.Create($"optimizer {contestant.Name} {mode} {job.Layout.Count} {job.Layout.Length} {type}")
               where remote is not null
               let who = mode == "default" ? "PyTorch" : $"PyTorch {mode}"
               select new Entry(contestant.Name, who, remote, contestant.Work(job.Type, job.Layout.Elements))
               {
                   Check = UpdateCheck.Of(who, contestant, job.Type, job.Layout.Elements, remote.Read, () => remote.Run(1)),
               },
        ];
    }
}
