using GpuOptim.Kernels;
using GpuOptim.Kernels.Norms;
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
    private readonly UpdateTypes _types;
    private int[]? _normStarts;
    private object? _room;

    private protected UpdateBatch(UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
    {
        _types = types;
        GradientType = types.Gradient;
        ComputeType = types.Compute;
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
    public ElementType ElementType => _types.Element;

    /// <summary>The type of the state.</summary>
    public ElementType StateType => _types.State;

    /// <summary>The type of gradients, where they are not those of the parameters but sums of them.</summary>
    internal ElementType GradientType { get; set; }

    /// <summary>The type computed in: that of the state, in which every operation rounds to it, or float, in which only what is stored is rounded.</summary>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public ElementType ComputeType
    {
        get;
        set => field = value == StateType || value == ElementType.Float32
            ? value
            : throw new ArgumentException($"ComputeType must be the type of the state, {StateType}, or Float32. Actual type was {value}.", nameof(ComputeType));
    }

    /// <summary>All types of the update.</summary>
    internal UpdateTypes Types => _types with { Gradient = GradientType, Compute = ComputeType };

    /// <summary>Whether numbers of the parameter or of its state are encoded.</summary>
    internal bool IsEncoded => _types.IsEncoded;

    /// <summary>All types of taking parameters into averages.</summary>
    internal UpdateTypes AverageTypes => new(ElementType, ElementType, ElementType, ElementType);

    /// <summary>How many tensors there are.</summary>
    public int Count => _gradients.Length;

    /// <summary>Address of each tensor's gradient; 0 leaves the tensor as it is.</summary>
    public Span<nint> Gradients => _gradients;

    /// <summary>For each tensor, the index of its rule.</summary>
    public Span<int> Rules => _rules;

    /// <summary>How many elements each tensor has.</summary>
    internal ReadOnlySpan<long> Lengths => _lengths;

    /// <summary>The first chunk of each tensor's norm, in the order of <see cref="NormOrder"/>, and at last the number of chunks.</summary>
    internal ReadOnlySpan<int> NormStarts => _normStarts ??= Starts(_lengths);

    /// <summary>
    /// For each tensor, the bits of earlier steps of which the host does not know yet whether the device skipped them: what tensors with any follow
    /// is the rule that is as far behind theirs as were skipped. Counts only with a <see cref="GradientNorm"/>.
    /// </summary>
    internal Span<ulong> Pending => _pending;

    /// <summary>What completes the update's rules, which are <see cref="TransformedRule{TRule}"/>, on the device; null for other rules.</summary>
    internal GradientNorm? GradientNorm { get; set; }

    /// <summary>How the update takes parameters into averages, whether they have a gradient or not.</summary>
    internal AverageRule Average { get; set; }

    /// <summary>The step that the update is a part of; null for one of its own.</summary>
    internal DeviceStep? Step { get; set; }

    /// <summary>Whether both columns are as they were at the last update, so that a device that has them need not look.</summary>
    internal bool IsRepeated { get; set; }

    /// <summary>Whether some parameter has an average.</summary>
    internal bool HasAverages { get; }

    /// <summary>Room for something of each tensor, kept from step to step.</summary>
    internal T[] Room<T>() => _room as T[] ?? (T[])(_room = new T[Count]);

    private static int[] Starts(long[] lengths)
    {
        var starts = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++)
            starts[i + 1] = checked(starts[i] + (int)NormOrder.Chunks(lengths[i]));
        return starts;
    }

    /// <summary>Gives back what the device holds for the table.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
