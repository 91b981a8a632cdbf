using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>
/// Makes results of the sums of a warp, in shared memory: <c>alpha * sum + beta * addend</c>, as <see cref="GpuProduct"/> has it, but that nothing is
/// multiplied by 1, which takes as long.
/// </summary>
/// <typeparam name="TColumns">Elements of a line.</typeparam>
/// <param name="alpha">Factor of sums.</param>
/// <param name="isScaled">Whether it is another than 1; a constant.</param>
/// <param name="addend">Where the matrix of the addends is.</param>
/// <param name="beta">Factor of addends.</param>
/// <param name="hasAddend">Whether there are any; a constant.</param>
internal readonly struct Epilogue<TColumns>(float alpha, bool isScaled, int addend, float beta, bool hasAddend) where TColumns : struct, IExtent
{
    private readonly float _alpha = alpha, _beta = beta;
    private readonly int _addend = addend;
    private readonly bool _isScaled = isScaled, _hasAddend = hasAddend;

    /// <summary>Sums as they are.</summary>
    public static Epilogue<TColumns> Plain => new(1, false, 0, 0, false);

    /// <summary>Writes the results.</summary>
    /// <param name="sums">The sums, as <see cref="OrthogonalizeKernel{TRows, TColumns}"/> has them.</param>
    /// <param name="result">Where the result's matrix is.</param>
    /// <param name="isHigh">Whether there are more than 64 rows; a constant.</param>
    /// <param name="isWide">Whether there are more than 64 columns; a constant.</param>
    /// <param name="isSymmetric">Whether what is below on the left is written a second time, transposed, above on the right; a constant.</param>
    public void Finish(WarpTile sums, int result, bool isHigh, bool isWide, bool isSymmetric)
    {
        Finish(sums.Strip0, result, 0, 0, false);
        if (isHigh)
            Finish(sums.Strip2, result, 64, 0, isSymmetric);
        if (isWide && !isSymmetric)
            Finish(sums.Strip1, result, 0, 64, false);
        if (isHigh && isWide)
            Finish(sums.Strip3, result, 64, 64, false);
    }

    /// <summary>Writes 16 x 64 results.</summary>
    private void Finish(WarpStrip strip, int result, int row, int column, bool mirrors)
    {
        int lane = Group.IdxX & 31, line = row + Group.IdxX / 32 * 16;
        var place = Lines<TColumns>.Place(line + lane / 4, column) + (lane & 3) * 4;
        int from = TensorCore.Keep(_addend + place), to = TensorCore.Keep(result + place);
        var mirror = mirrors ? TensorCore.Keep(result + Lines<TColumns>.Place((lane & 3) * 2, line) + lane / 4 * 2) : 0;
        Finish(strip.Sums0, from, to, mirror, mirrors);
        Finish(strip.Sums1, from ^ 16, to ^ 16, mirror + 8 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums2, from ^ 32, to ^ 32, mirror + 16 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums3, from ^ 48, to ^ 48, mirror + 24 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums4, from ^ 64, to ^ 64, mirror + 32 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums5, from ^ 80, to ^ 80, mirror + 40 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums6, from ^ 96, to ^ 96, mirror + 48 * Lines<TColumns>.Bytes, mirrors);
        Finish(strip.Sums7, from ^ 112, to ^ 112, mirror + 56 * Lines<TColumns>.Bytes, mirrors);
    }

    /// <summary>Writes 16 x 8 results: two neighbors, and two eight rows below.</summary>
    private void Finish(Float4 sums, int from, int to, int mirror, bool mirrors)
    {
        const int Below = 8;
        uint upper = Finish(sums.X, sums.Y, from), lower = Finish(sums.Z, sums.W, from + Below * Lines<TColumns>.Bytes);
        TensorCore.StoreShared(to, upper);
        TensorCore.StoreShared(to + Below * Lines<TColumns>.Bytes, lower);
        if (!mirrors)
            return;
        // Neighbors there are in one column here: of two lanes.
        TensorCore.StoreShared(mirror, (ushort)upper);
        TensorCore.StoreShared(mirror ^ 16, (ushort)lower);
        TensorCore.StoreShared((mirror ^ 16) + Lines<TColumns>.Bytes, (ushort)(upper >> 16));
        TensorCore.StoreShared(mirror + Lines<TColumns>.Bytes, (ushort)(lower >> 16));
    }

    private uint Finish(float lower, float upper, int from)
    {
        var addends = _hasAddend ? TensorCore.LoadShared(from) : 0;
        return Ptx.FloatsToBFloat16(Finish(lower, addends << 16), Finish(upper, addends & 0xFFFF_0000u));
    }

    private float Finish(float sum, uint addend)
    {
        if (_isScaled)
            sum = Ptx.Multiply(_alpha, _hasAddend ? sum : GpuFloats1.RoundToBFloat16(new(sum)).Value);
        return _hasAddend ? Ptx.FusedMultiplyAdd(Interop.IntAsFloat(addend), _beta, sum) : sum;
    }
}
