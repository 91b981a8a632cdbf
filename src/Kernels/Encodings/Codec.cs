using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Encodings;

/// <summary>An <see cref="IEncoding"/> to hold: what reads and writes numbers.</summary>
internal readonly unsafe struct Codec
{
    private readonly delegate*<in EncodedStretch, float*, int, void> _decode;
    private readonly delegate*<in EncodedStretch, float*, int, void> _encode;

    private Codec(
        delegate*<in EncodedStretch, float*, int, void> decode, delegate*<in EncodedStretch, float*, int, void> encode, int numberSize, int companionSize, int companionEvery)
    {
        _decode = decode;
        _encode = encode;
        NumberSize = numberSize;
        CompanionSize = companionSize;
        CompanionEvery = companionEvery;
    }

    /// <summary>Bytes of a number.</summary>
    public int NumberSize { get; }

    /// <summary>Bytes of an element of the second tensor; 0 if there is none.</summary>
    public int CompanionSize { get; }

    /// <summary>How many numbers an element of the second tensor is for.</summary>
    public int CompanionEvery { get; }

    /// <summary>Whether there is none: loops load and store the numbers as they are.</summary>
    public bool IsNone => _decode == null;

    /// <summary>That of a state.</summary>
    /// <param name="encoding">Its encoding.</param>
    /// <param name="isNonNegative">Whether it is never negative.</param>
    public static Codec Of(StateEncoding encoding, bool isNonNegative) => encoding switch
    {
        StateEncoding.None => default,
        StateEncoding.StochasticBFloat16 => Of<StochasticBFloat16>(),
        StateEncoding.Float16 => Of<ScaledFloat16<Nearest>>(),
        StateEncoding.StochasticFloat16 => Of<ScaledFloat16<Stochastic>>(),
        StateEncoding.Dynamic8 => isNonNegative ? Of<Dynamic8<Unsigned, Nearest>>() : Of<Dynamic8<Signed, Nearest>>(),
        _ => isNonNegative ? Of<Dynamic8<Unsigned, Stochastic>>() : Of<Dynamic8<Signed, Stochastic>>(),
    };

    /// <summary>That of a parameter.</summary>
    /// <param name="rounding">How it is rounded.</param>
    /// <param name="element">Its type.</param>
    public static Codec Of(ParameterRounding rounding, ElementType element) => rounding switch
    {
        ParameterRounding.Nearest => default,
        ParameterRounding.Stochastic => Of<StochasticBFloat16>(),
        ParameterRounding.Kahan => Of<KahanBFloat16>(),
        ParameterRounding.MasterRemainder => Of<RemainderBFloat16>(),
        _ => element == ElementType.BFloat16 ? Of<MasterCopy<BFloat16Format>>() : Of<MasterCopy<Float16Format>>(),
    };

    /// <summary>Reads a stretch of a tensor.</summary>
    /// <param name="numbers">Where the tensor's numbers begin.</param>
    /// <param name="companion">Where what belongs to them begins.</param>
    /// <param name="start">The first element; a multiple of a block's.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="values">Takes the floats.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits.</param>
    public void Decode(nint numbers, nint companion, nint start, int length, float* values, int vectorBits) =>
        _decode(Stretch(numbers, companion, start, length, default), values, vectorBits);

    /// <summary>Writes a stretch of a tensor.</summary>
    /// <param name="numbers">Where the tensor's numbers begin.</param>
    /// <param name="companion">Where what belongs to them begins.</param>
    /// <param name="start">The first element; a multiple of a block's.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="values">The floats.</param>
    /// <param name="random">The random numbers of the stretch.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits.</param>
    public void Encode(nint numbers, nint companion, nint start, int length, float* values, in RandomStream random, int vectorBits) =>
        _encode(Stretch(numbers, companion, start, length, random), values, vectorBits);

    private static Codec Of<TEncoding>() where TEncoding : IEncoding =>
        new(&TEncoding.Decode, &TEncoding.Encode, TEncoding.NumberSize, TEncoding.CompanionSize, TEncoding.HasBlocks ? EncodedStretch.BlockLength : 1);

    private EncodedStretch Stretch(nint numbers, nint companion, nint start, int length, in RandomStream random) =>
        new((byte*)numbers + start * NumberSize, companion == 0 ? null : (byte*)companion + start / CompanionEvery * CompanionSize, length, random);
}
