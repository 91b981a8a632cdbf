using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>What a step sends for a table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Block">Where it is.</param>
/// <param name="GradientsPlace">For each tensor, where its gradient is.</param>
internal readonly record struct StepTable(IlgpuUpdateTable Table, StepBlock Block, StepPlace GradientsPlace)
{
    /// <summary>For each tensor, the index of its rule.</summary>
    public StepPlace RuleIndicesPlace { get; init; }

    /// <summary>For each tensor, the bits of steps that may have been skipped; none where no step may be.</summary>
    public StepPlace PendingPlace { get; init; }

    /// <summary>The rules, and room for some more.</summary>
    public StepPlace RulesPlace { get; init; }

    /// <summary>How parameters go into averages; none if none of the tensors has one.</summary>
    public StepPlace AveragePlace { get; init; }

    /// <summary>For each tensor, where its gradient was said to be.</summary>
    public ReadOnlySpan<long> HostGradients => Block.HostView<long>(GradientsPlace);

    public ArrayView<long> Gradients => Block.View<long>(GradientsPlace);

    public ArrayView<int> RuleIndices => Block.View<int>(RuleIndicesPlace);

    public ArrayView<ulong> Pending => Block.View<ulong>(PendingPlace);

    public ArrayView<AverageRule> Averages => Block.View<AverageRule>(AveragePlace);

    public ArrayView<TRule> Rules<TRule>() where TRule : unmanaged => Block.View<TRule>(RulesPlace);
}
