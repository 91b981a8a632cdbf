using System.CommandLine;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.ColdStart;

/// <summary>Times new processes until their first step, and what compiles kernels in it.</summary>
internal sealed class ColdStartVerb() : Verb("cold-start", "How long does a new process take until its first step, with kernels compiled and with kernels kept?")
{
    public override IReadOnlyList<Option> Options => [];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench)
    {
        return
        [
            new("AdamW on one tensor, in new processes", new Dictionary<string, string> { ["device"] = bench.DeviceName }, _ => Entries(bench.DeviceName)) { IsCold = true },
        ];
    }

    private static IReadOnlyList<Entry> Entries(string device)
    {
        (string Name, Child Child)[] children = device switch
        {
            SimdDevice.DeviceName => [("simd", new("simd")), ("ilgpu-cpu", new("ilgpu-cpu"))],
            // The driver keeps machine code on the disk.
            "cuda" => [("cuda", new("cuda")), ("cuda, no cache of the driver's", new("cuda", ("CUDA_CACHE_DISABLE", "1")))],
            var name => [(name, new(name))],
        };
        var nothing = Entry.Yardstick("a process that does nothing", new Child(FirstStep.Nothing).Whole, new());
        return
        [
            nothing,
            .. children.SelectMany(each => new[]
            {
                new Entry($"{each.Name}: until the first step", Figure.Ours, each.Child.Whole, new()) { Floors = [new(nothing.Subject, 1, "a process that does nothing")] },
                new Entry($"{each.Name}: opening the device", Figure.Ours, each.Child.Opening, new()),
                new Entry($"{each.Name}: first step, kernels compiled", Figure.Ours, each.Child.FirstStep, new()),
                new Entry($"{each.Name}: another optimizer's, kernels kept", Figure.Ours, each.Child.SecondFirstStep, new()),
            }),
        ];
    }
}
