namespace GpuOptim.Kernels.Encodings;

/// <summary>Where a tensor, some of whose numbers are encoded, has all of them; 0 for what it has not.</summary>
internal struct EncodedTensor
{
    public long Parameter;

    /// <summary>What the parameter's encoding keeps besides.</summary>
    public long Rest;

    public long State0;
    public long State1;
    public long State2;
    public long Scales0;
    public long Scales1;
    public long Scales2;

    /// <summary>The key of its random numbers.</summary>
    public ulong Key;

    /// <summary>The index of its first element in the whole tensor that it may be a part of.</summary>
    public long Start;
}
