using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Host;

/// <summary>One tensor in the table of a fused update: where its numbers lie.</summary>
/// <param name="Parameter">Address of the parameter.</param>
/// <param name="State0">Address of the first state tensor; 0 where it is not in use.</param>
/// <param name="State1">Address of the second; 0 where it is not in use.</param>
/// <param name="State2">Address of the third; 0 where it is not in use.</param>
/// <param name="Length">How many elements each has.</param>
public readonly record struct UpdateSegment(nint Parameter, nint State0, nint State1, nint State2, long Length)
{
    /// <summary>Address of the parameter's average, which the update takes the new parameter into; 0 where there is none.</summary>
    internal nint Average { get; init; }

    /// <summary>Address of what the parameter's encoding keeps besides; 0 where it keeps nothing.</summary>
    internal nint Rest { get; init; }

    /// <summary>Addresses of the scales of the states' blocks; 0 where there are none.</summary>
    internal (nint State0, nint State1, nint State2) Scales { get; init; }

    /// <summary>The key of the tensor's random numbers.</summary>
    internal ulong RandomKey { get; init; }

    /// <summary>The index of the first element in the whole tensor that this may be a part of.</summary>
    internal long WholeStart { get; init; }

    /// <summary>The same for kernels.</summary>
    internal EncodedTensor ToEncoded() => new()
    {
        Parameter = Parameter,
        Rest = Rest,
        State0 = State0,
        State1 = State1,
        State2 = State2,
        Scales0 = Scales.State0,
        Scales1 = Scales.State1,
        Scales2 = Scales.State2,
        Key = RandomKey,
        Start = WholeStart,
    };
}
