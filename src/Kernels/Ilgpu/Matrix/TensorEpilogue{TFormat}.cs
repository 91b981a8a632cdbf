using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Makes results of the sums of a tile of 128 x 128: <see cref="Begin"/>, <see cref="Finish(WarpStrip, int, int)"/> for all sums of all warps, <see cref="End"/>.
/// Addend and results pass through shared memory, in lines of 256 bytes whose pieces change places as those of <see cref="DepthStrided"/> do, so that
/// global memory sees whole lines and shared memory no conflict.
/// </summary>
/// <typeparam name="TFormat">The matrices' element type: BFloat16 or Float16.</typeparam>
/// <param name="product">The products.</param>
/// <param name="matrix">Which matrix of the batch it is.</param>
/// <param name="shared">Where 64 KB of shared memory are, which nobody uses any more.</param>
/// <param name="groupSize">Threads of the group, 128 or 256; a constant.</param>
/// <param name="row">First row of the tile.</param>
/// <param name="column">First column of the tile.</param>
internal readonly struct TensorEpilogue<TFormat>(GpuProduct product, int matrix, int shared, int groupSize, int row, int column) where TFormat : IFormat
{
    private readonly GpuProduct _product = product;
    private readonly long _offset = matrix * product.ResultLength * 2;
    private readonly int _shared = shared, _groupSize = groupSize, _row = row, _column = column;

    /// <summary>Brings the addends, if there are any.</summary>
    public void Begin()
    {
        if (_product.Addend == 0)
            return;
        var pass = new LinePass(_shared, _product.Addend + _offset, _product.ResultStride, _row, _column, _groupSize);
        for (var line = pass.First; line < TensorProduct.TileRows; line += pass.Lines)
        {
            if (_row + line < _product.Rows && pass.Column < _product.Columns)
                TensorCore.CopyAsync(pass.Place, pass.Address);
            pass.Advance();
        }
        TensorCore.WaitForCopies();
        Group.Barrier();
    }

    /// <summary>Makes results of 16 x 64 sums of the warp.</summary>
    /// <param name="strip">The sums.</param>
    /// <param name="row">Their first row in the tile.</param>
    /// <param name="column">Their first column in the tile.</param>
    public void Finish(WarpStrip strip, int row, int column)
    {
        Finish(strip.Sums0, row, column);
        Finish(strip.Sums1, row, column + 8);
        Finish(strip.Sums2, row, column + 16);
        Finish(strip.Sums3, row, column + 24);
        Finish(strip.Sums4, row, column + 32);
        Finish(strip.Sums5, row, column + 40);
        Finish(strip.Sums6, row, column + 48);
        Finish(strip.Sums7, row, column + 56);
    }

    /// <summary>Writes the results.</summary>
    /// <param name="mirrors">Whether to write them a second time, transposed, with rows and columns exchanged.</param>
    public void End(bool mirrors)
    {
        Group.Barrier();
        Store(_shared, TensorProduct.TileRows, _row, _column);
        if (!mirrors)
            return;
        Mirror(0);
        if (_groupSize == TensorProduct.GroupSize)
            Mirror(TensorProduct.TileRows / 2);
    }

    /// <summary>Writes the results of a tile on the diagonal of a symmetric product, by a group of 128: above it those below it.</summary>
    /// <remarks>A product of matrices that commute but for rounding is not symmetric by itself; what is not, Newton-Schulz on X Xᵀ would enlarge.</remarks>
    public void EndOnDiagonal()
    {
        Group.Barrier();
        StoreHalf(0);
        Group.Barrier();
        StoreHalf(TensorProduct.TileRows / 2);
    }

    /// <summary>Writes half of the rows of a tile on the diagonal.</summary>
    private void StoreHalf(int first)
    {
        var turned = Turn(first);
        var pass = new LinePass(turned, _product.Result + _offset, _product.ResultStride, _row + first, _column, _groupSize);
        var length = _product.Columns - pass.Column;
        for (var line = pass.First; line < TensorProduct.TileRows / 2; line += pass.Lines)
        {
            if (_row + first + line < _product.Rows && length > 0)
            {
                UInt4 above = TensorCore.LoadSharedFour(pass.Place), below = TensorCore.LoadSharedFour(pass.Place + Place(first, 0) - Place(TensorProduct.TileRows, 0));
                var count = first + line + 1 - Group.IdxX % 16 * 8;
                Store(pass.Address, new(Join(below.X, above.X, count), Join(below.Y, above.Y, count - 2), Join(below.Z, above.Z, count - 4), Join(below.W, above.W, count - 6)), length);
            }
            pass.Advance();
        }
    }

    /// <summary>Writes as many of the tile's columns as the group's warps turn as rows.</summary>
    private void Mirror(int first)
    {
        Store(Turn(first), _groupSize / 2, _column + first, _row);
        Group.Barrier();
    }

    /// <summary>Turns columns of the tile to rows, 16 for each warp.</summary>
    /// <returns>Where they are, behind the tile.</returns>
    private int Turn(int first)
    {
        var turned = _shared + Place(TensorProduct.TileRows, 0);
        int warp = Group.IdxX / 32, lane = Group.IdxX % 32;
        // A warp turns 16 columns, block by block of 16 rows: its lines of the tile lie 4096 bytes apart, and its pieces of turned lines side by side.
        var block = TensorCore.Keep(_shared + Place(lane % 8 + lane / 16 * 8, first + warp * 16 + lane / 8 % 2 * 8));
        int line = warp * 16 + lane / 4, place = TensorCore.Keep(turned + line * 256 + lane % 4 * 4), swap = TensorCore.Keep(line & 7);
        for (var piece = 0; piece < TensorProduct.TileRows / 8; piece += 2)
        {
            var numbers = TensorCore.LoadMatricesTransposed(block);
            int left = place + (piece ^ swap) * 16, right = place + ((piece + 1) ^ swap) * 16;
            TensorCore.StoreShared(left, numbers.X);
            TensorCore.StoreShared(left + 8 * 256, numbers.Y);
            TensorCore.StoreShared(right, numbers.Z);
            TensorCore.StoreShared(right + 8 * 256, numbers.W);
            block += 16 * 256;
        }
        Group.Barrier();
        return turned;
    }

    /// <summary>Writes lines of the result, 16 bytes at a time. What is behind a row's end stays zero.</summary>
    private void Store(int shared, int lines, int row, int column)
    {
        var pass = new LinePass(shared, _product.Result + _offset, _product.ResultStride, row, column, _groupSize);
        var length = _product.Columns - pass.Column;
        for (var line = pass.First; line < lines; line += pass.Lines)
        {
            if (row + line < _product.Rows && length > 0)
                Store(pass.Address, TensorCore.LoadSharedFour(pass.Place), length);
            pass.Advance();
        }
    }

    /// <summary>Writes the first so many of eight numbers, and zeros.</summary>
    private static void Store(long address, UInt4 numbers, int length) => TensorCore.StoreFour(address, Eight.First(numbers, length));

    /// <summary>The first so many of two numbers, and of two others the rest.</summary>
    private static uint Join(uint two, uint others, int length) => Eight.FirstOfTwo(two, length) | (others ^ Eight.FirstOfTwo(others, length));

    private void Finish(Float4 sums, int row, int column)
    {
        var lane = Group.IdxX % 32;
        var place = _shared + lane % 4 * 4 + Place(row + lane / 4, column);
        Finish(sums.X, sums.Y, place);
        Finish(sums.Z, sums.W, place + Place(8, 0));
    }

    /// <summary>Two neighbors, in place of their addends.</summary>
    private void Finish(float lower, float upper, int place)
    {
        var addends = _product.Addend != 0 ? TensorCore.LoadShared(place) : 0u;
        TensorCore.StoreShared(place, TFormat.Type == ElementType.BFloat16
            ? Ptx.FloatsToBFloat16(Finish(lower, Interop.IntAsFloat(addends << 16)), Finish(upper, Interop.IntAsFloat(addends & 0xFFFF_0000u)))
            : Ptx.FloatsToHalves(Finish(lower, Ptx.HalfToFloat((ushort)addends)), Finish(upper, Ptx.HalfToFloat((ushort)(addends >> 16)))));
    }

    private float Finish(float sum, float addend) => _product.Finish<TFormat>(new(sum), new(addend)).Value;

    /// <summary>Bytes from the start of the lines in shared memory to an element at the start of a piece.</summary>
    private static int Place(int line, int column) => DepthStrided.Place(column, line);

    /// <summary>A thread's way down the lines of a tile, in global and in shared memory: one of so many, the same 16 bytes of each.</summary>
    /// <param name="shared">Where the lines are in shared memory.</param>
    /// <param name="matrix">The matrix's address.</param>
    /// <param name="stride">Elements from one of its rows to the next.</param>
    /// <param name="row">The matrix's row that the first line is.</param>
    /// <param name="column">The matrix's column that lines begin with.</param>
    /// <param name="groupSize">Threads of the group.</param>
    private struct LinePass(int shared, long matrix, int stride, int row, int column, int groupSize)
    {
        /// <summary>From a line to the next one of a thread.</summary>
        public readonly int Lines = groupSize / 16;

        private readonly long _step = TensorCore.Keep(groupSize / 16 * stride * 2L);

        /// <summary>The thread's first line, and the matrix's column where its 16 bytes begin.</summary>
        public readonly int First = Group.IdxX / 16, Column = column + Group.IdxX % 16 * 8;

        /// <summary>Where they are in shared memory, and in the matrix.</summary>
        public int Place = TensorCore.Keep(shared + TensorEpilogue<TFormat>.Place(Group.IdxX / 16, Group.IdxX % 16 * 8));

        public long Address = TensorCore.Keep(matrix + ((row + Group.IdxX / 16) * (long)stride + column + Group.IdxX % 16 * 8) * 2);

        /// <summary>Goes to the next line.</summary>
        public void Advance()
        {
            Place += Lines * 256;
            Address += _step;
        }
    }
}
