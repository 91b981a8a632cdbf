using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// Adafactor: RMSprop whose averages of squares are, of matrices, one number for each row and one for each column, <c>v = r c / mean(r)</c>; and whose steps are shares of the
/// parameter's own size, <c>p = p - max(eps2, rms(p)) * min(lr, 1 / sqrt(t)) * u / max(1, rms(u) / d)</c>, <c>u = g / max(sqrt(v), eps1)</c>.
/// </summary>
/// <remarks>
/// Follows <c>torch.optim.Adafactor</c>, whose sums are float, in an order of its own; here they are in double, in one order on all devices. Tensors of more than two
/// dimensions are matrices of the last two. State: <c>row_var</c> and <c>col_var</c>, floats, of tensors of two dimensions and more; <c>variance</c> of others.
/// </remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Adafactor(IEnumerable<Parameter> parameters, AdafactorOptions? options = null)
    : TensorwiseOptimizer<AdafactorOptions, AdafactorRule, AdafactorStepRule>(parameters, options ?? new(), _state)
{
    private static readonly StateSlot<AdafactorOptions>[] _state =
    [
        new("row_var", IsNonNegative: true) { Shape = StateShape.Rows },
        new("col_var", IsNonNegative: true) { Shape = StateShape.Columns },
        new("variance", IsNonNegative: true) { Shape = StateShape.ElementsOfVectors },
    ];

    /// <inheritdoc/>
    protected override AdafactorRule CreateRule(AdafactorOptions options, StepInfo step) => CreateRule(options, step, ElementType.Float32);

    /// <inheritdoc/>
    protected override AdafactorStepRule CreateStepRule(AdafactorOptions options, StepInfo step) =>
        new(step.Step, options.LearningRate, options.Epsilon2, options.ClippingThreshold, options.WeightDecay, options.WeightDecayMode);

    private protected override AdafactorRule CreateDirectionRule(ParameterGroup<AdafactorOptions> group, StepInfo step) => CreateRule(group.Options, step, group.Parameters[0].ElementType);

    private protected override FactoredShape? FactorsOf(TrackedParameter tracked) => tracked.Shape.Length > 1 ? FactoredShape.Of(tracked.Shape) : null;

    private protected override void MakeDirections(FactoredShape shape, UpdateBatch table) => Device.MakeFactoredDirections(Rules, shape, table);

    private protected override UpdateSegment WithDirection(UpdateSegment segment, nint direction) => segment with { State0 = segment.State2, State1 = direction, State2 = 0 };

    private static AdafactorRule CreateRule(AdafactorOptions options, StepInfo step, ElementType type) =>
        new(step.Step, options.Beta2Decay, options.Epsilon1 ?? type.Epsilon(), options.Maximize);
}
