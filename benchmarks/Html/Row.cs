using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>A row of a table: a figure and where it stands.</summary>
internal sealed record Row(Race Race, Figure Figure);
