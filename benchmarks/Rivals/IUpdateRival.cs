using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Throughput;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>Somebody else who updates tensors.</summary>
internal interface IUpdateRival
{
    /// <summary>Who it is, with a version.</summary>
    string Description { get; }

    /// <summary>Its updates of tensors of its own; none of what it cannot do.</summary>
    IReadOnlyList<Entry> Updates(Scope scope, UpdateJob job);
}
