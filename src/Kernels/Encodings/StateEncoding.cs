namespace GpuOptim.Kernels.Encodings;

/// <summary>The <see cref="IEncoding"/> that a tensor's state is in.</summary>
internal enum StateEncoding
{
    /// <summary>None: numbers of an element type, as loops load and store them.</summary>
    None,

    /// <summary>bfloat16, rounded at random.</summary>
    StochasticBFloat16,

    /// <summary>float16 with a scale a block.</summary>
    Float16,

    /// <summary>The same, rounded at random.</summary>
    StochasticFloat16,

    /// <summary>8 bits with a scale a block.</summary>
    Dynamic8,

    /// <summary>The same, rounded at random.</summary>
    StochasticDynamic8,
}
