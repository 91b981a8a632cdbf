namespace GpuOptim.Kernels.Encodings;

/// <summary>A stretch of a tensor as an <see cref="IEncoding"/> has it in memory. It begins at a multiple of <see cref="BlockLength"/> elements of its tensor.</summary>
/// <param name="numbers">Where its first number lies.</param>
/// <param name="companion">Where what belongs to it lies in the encoding's second tensor, if it has one: the scale of its first block, or the rest of its first number.</param>
/// <param name="length">How many numbers there are; of the last block as many as are left.</param>
/// <param name="random">The random numbers of its elements.</param>
internal unsafe struct EncodedStretch(byte* numbers, byte* companion, int length, RandomStream random)
{
    /// <summary>Numbers that share a scale, where an encoding has scales.</summary>
    public const int BlockLength = 256;

    /// <summary>How many blocks there are of some numbers, the last of which may be short.</summary>
    public static long Blocks(long length) => (length + BlockLength - 1) / BlockLength;

    public byte* Numbers = numbers;
    public byte* Companion = companion;
    public int Length = length;
    public RandomStream Random = random;
}
