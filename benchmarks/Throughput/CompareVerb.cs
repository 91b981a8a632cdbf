using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times every optimizer beside all others that do the same and are there.</summary>
internal sealed class CompareVerb() : UpdatesVerb("compare", "How do others do the same on this machine?", "1x1K", "1x32K", "1x1M", "1x16M", "1000x1024")
{
    public override IReadOnlyList<string> Rivals => Bench.RivalNames;
}
