using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Makes results of the sums of a tile. Addend and results pass through shared memory, in lines of 256 bytes whose pieces change places as those of
/// <see cref="DepthStrided"/> do, so that global memory sees whole lines and shared memory no conflict.
/// </summary>
internal readonly struct TensorEpilogue
{
    private const int Pieces = TensorProduct.TileRows * TensorProduct.TileRows / 8;

    private readonly long _addend;
    private readonly long _result;
    private readonly int _stride;
    private readonly int _rows;
    private readonly int _columns;
    private readonly float _alpha;
    private readonly float _beta;
    private readonly int _shared;

    /// <summary>For a matrix of the batch.</summary>
    /// <param name="product">The products.</param>
    /// <param name="matrix">Which matrix.</param>
    /// <param name="shared">Where <see cref="TensorProduct.SharedBytes"/> of shared memory are, which nobody uses any more.</param>
    public TensorEpilogue(GpuProduct product, int matrix, int shared)
    {
        var offset = matrix * product.ResultLength * 2;
        _addend = product.Addend == 0 ? 0 : product.Addend + offset;
        _result = product.Result + offset;
        _stride = product.ResultStride;
        _rows = product.Rows;
        _columns = product.Columns;
        _alpha = product.Alpha;
        _beta = product.Beta;
        _shared = shared;
    }

    /// <summary>Writes the results.</summary>
    /// <param name="sums">The sums of the warp.</param>
    /// <param name="row">First row of the tile.</param>
    /// <param name="column">First column of the tile.</param>
    /// <param name="mirrors">Whether to write them a second time, transposed, with rows and columns exchanged.</param>
    public void Write(WarpTile sums, int row, int column, bool mirrors)
    {
        if (_addend != 0)
        {
            for (var piece = Group.IdxX; piece < Pieces; piece += TensorProduct.GroupSize)
            {
                int r = row + piece / 16, c = column + piece % 16 * 8;
                if (r < _rows && c < _columns)
                    TensorCore.CopyAsync(_shared + Place(piece / 16, piece % 16 * 8), _addend + Offset(r, c));
            }
            TensorCore.WaitForCopies();
            Group.Barrier();
        }
        Finish(sums.Strip0, 0);
        Finish(sums.Strip1, 16);
        Finish(sums.Strip2, 32);
        Finish(sums.Strip3, 48);
        Group.Barrier();
        Store(_shared, Pieces, row, column);
        if (mirrors)
        {
            Mirror(row, column, 0);
            Mirror(row, column, TensorProduct.TileRows / 2);
        }
    }

    /// <summary>Writes half of the tile's columns as rows, by way of the memory behind the tile.</summary>
    private void Mirror(int row, int column, int first)
    {
        var turned = _shared + Place(TensorProduct.TileRows, 0);
        var lane = Group.IdxX % 32;
        for (var block = Group.IdxX / 32; block < 32; block += TensorProduct.GroupSize / 32)
        {
            int r = block / 4 * 16, c = block % 4 * 16;
            var numbers = TensorCore.LoadMatricesTransposed(_shared + DepthStrided.Place(first + c + lane / 8 % 2 * 8, r + lane % 8 + lane / 16 * 8));
            var place = turned + lane % 4 * 4;
            TensorCore.StoreShared(place + Place(c + lane / 4, r), numbers.X);
            TensorCore.StoreShared(place + Place(c + 8 + lane / 4, r), numbers.Y);
            TensorCore.StoreShared(place + Place(c + lane / 4, r + 8), numbers.Z);
            TensorCore.StoreShared(place + Place(c + 8 + lane / 4, r + 8), numbers.W);
        }
        Group.Barrier();
        Store(turned, Pieces / 2, column + first, row);
        Group.Barrier();
    }

    /// <summary>Writes lines of the result, 16 bytes at a time. What is behind a row's end stays zero.</summary>
    private void Store(int lines, int pieces, int row, int column)
    {
        for (var piece = Group.IdxX; piece < pieces; piece += TensorProduct.GroupSize)
        {
            int r = row + piece / 16, c = column + piece % 16 * 8;
            if (r >= _rows || c >= _columns)
                continue;
            var numbers = TensorCore.LoadSharedFour(lines + Place(piece / 16, piece % 16 * 8));
            var length = _columns - c;
            if (length < 8)
                numbers = new(First(numbers.X, length), First(numbers.Y, length - 2), First(numbers.Z, length - 4), First(numbers.W, length - 6));
            TensorCore.StoreFour(_result + Offset(r, c), numbers);
        }
    }

    /// <summary>Of two numbers the first so many, and zeros.</summary>
    private static uint First(uint two, int length) => length > 1 ? two : length > 0 ? two & 0xFFFF : 0;

    private void Finish(WarpStrip strip, int row)
    {
        Finish(strip.Sums0, row, 0);
        Finish(strip.Sums1, row, 8);
        Finish(strip.Sums2, row, 16);
        Finish(strip.Sums3, row, 24);
        Finish(strip.Sums4, row, 32);
        Finish(strip.Sums5, row, 40);
        Finish(strip.Sums6, row, 48);
        Finish(strip.Sums7, row, 56);
    }

    private void Finish(Float4 sums, int row, int column)
    {
        int warp = Group.IdxX / 32, lane = Group.IdxX % 32;
        var r = warp / 2 * WarpTile.Rows + row + lane / 4;
        var place = _shared + lane % 4 * 4 + Place(r, warp % 2 * WarpTile.Rows + column);
        Finish(sums.X, sums.Y, place);
        Finish(sums.Z, sums.W, place + Place(8, 0));
    }

    /// <summary>Two neighbors, in place of their addends.</summary>
    private void Finish(float lower, float upper, int place)
    {
        var addends = _addend != 0 ? TensorCore.LoadShared(place) : 0u;
        TensorCore.StoreShared(place, Ptx.FloatsToBFloat16(Finish(lower, addends << 16), Finish(upper, addends & 0xFFFF_0000u)));
    }

    /// <summary>The result of one sum, not yet rounded.</summary>
    private float Finish(float sum, uint addend)
    {
        var total = new GpuFloats1(sum);
        var alpha = new GpuFloats1(_alpha);
        return _addend != 0
            ? GpuFloats1.FusedMultiplyAdd(new(Interop.IntAsFloat(addend)), new(_beta), GpuFloats1.Multiply(alpha, total)).Value
            : GpuFloats1.Multiply(alpha, GpuFloats1.RoundToBFloat16(total)).Value;
    }

    /// <summary>Bytes from the start of the lines in shared memory to an element at the start of a piece.</summary>
    private static int Place(int line, int column) => DepthStrided.Place(column, line);

    private long Offset(int row, int column) => (row * (long)_stride + column) * 2;
}
