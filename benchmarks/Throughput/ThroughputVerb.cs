namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times updates over sizes and threads.</summary>
internal sealed class ThroughputVerb() : UpdatesVerb(
    "throughput",
    "How long does an update take, and how much of what memory and arithmetic can do is that?",
    "1x1K", "1x4K", "1x32K", "1x256K", "1x1M", "1x4M", "1x16M", "1x64M")
{
    public override IReadOnlyList<int> Threads => [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
}
