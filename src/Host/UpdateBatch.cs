using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host;

/// <summary>
/// The table of a fused update: tensors that one launch updates together. Addresses and lengths are fixed; two columns are written
/// before each update: where the gradients are, and which rule each tensor follows.
/// </summary>
public abstract class UpdateBatch : IDisposable
{
    private readonly nint[] _gradients;
    private readonly int[] _rules;
    private readonly ulong[] _pending;
    private readonly long[] _lengths;

    private protected UpdateBatch(ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    {
        if (stateType != elementType && stateType != ElementType.Float32)
            throw new NotSupportedException($"Parameters of {elementType} must have state of the same type or of Float32. Actual type was {stateType}.");
        ElementType = GradientType = elementType;
        StateType = stateType;
        _gradients = new nint[segments.Length];
        _rules = new int[segments.Length];
        _pending = new ulong[segments.Length];
        _lengths = new long[segments.Length];
        for (var i = 0; i < segments.Length; i++)
        {
            _lengths[i] = segments[i].Length;
            HasAverages |= segments[i].Average != 0;
        }
    }

    /// <summary>The type of parameters and gradients.</summary>
    public ElementType ElementType { get; }

    /// <summary>The type of the state, and the one computed in.</summary>
    public ElementType StateType { get; }

    /// <summary>The type of gradients, where they are not those of the parameters but sums of them.</summary>
    internal ElementType GradientType { get; set; }

    /// <summary>How many tensors there are.</summary>
    public int Count => _gradients.Length;

    /// <summary>Address of each tensor's gradient; 0 leaves the tensor as it is.</summary>
    public Span<nint> Gradients => _gradients;

    /// <summary>For each tensor, the index of its rule.</summary>
    public Span<int> Rules => _rules;

    /// <summary>How many elements each tensor has.</summary>
    internal ReadOnlySpan<long> Lengths => _lengths;

    /// <summary>
    /// For each tensor, the bits of earlier steps of which the host does not know yet whether the device skipped them: what tensors with any follow
    /// is the rule that is as far behind theirs as were skipped. Counts only with a <see cref="GradientNorm"/>.
    /// </summary>
    internal Span<ulong> Pending => _pending;

    /// <summary>What completes the update's rules, which are <see cref="TransformedRule{TRule}"/>, on the device; null for other rules.</summary>
    internal GradientNorm? GradientNorm { get; set; }

    /// <summary>How the update takes parameters into averages, whether they have a gradient or not.</summary>
    internal AverageRule Average { get; set; }

    /// <summary>Whether both columns are as they were at the last update, so that a device that has them need not look.</summary>
    internal bool IsRepeated { get; set; }

    /// <summary>Whether some parameter has an average.</summary>
    internal bool HasAverages { get; }

    /// <summary>Gives back what the device holds for the table.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
