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
    private readonly int _rows;
    private readonly int _columns;
    private readonly float _alpha;
    private readonly float _beta;
    private readonly bool _isAligned;
    private readonly int _shared;

    /// <summary>For a matrix of the batch.</summary>
    /// <param name="product">The products.</param>
    /// <param name="matrix">Which matrix.</param>
    /// <param name="shared">Where <see cref="TensorProduct.SharedBytes"/> of shared memory are, which nobody uses any more.</param>
    public TensorEpilogue(GpuProduct product, int matrix, int shared)
    {
        var offset = matrix * (long)product.Rows * product.Columns * 2;
        _addend = product.Addend == 0 ? 0 : product.Addend + offset;
        _result = product.Result + offset;
        _rows = product.Rows;
        _columns = product.Columns;
        _alpha = product.Alpha;
        _beta = product.Beta;
        _isAligned = (_addend | _result | (_columns * 2L)) % 16 == 0;
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
                TilePiece.Load(_addend + Offset(r, c), Length(r, c), _isAligned, _shared + Place(piece / 16, piece % 16 * 8));
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
        var r = Group.IdxX / 32 * 16;
        for (var c = 0; c < TensorProduct.TileRows / 2; c += 16)
        {
            var block = DepthStrided.LoadFragment(_shared, first + c, r);
            var place = turned + lane % 4 * 4;
            TensorCore.StoreShared(place + Place(c + lane / 4, r), block.X);
            TensorCore.StoreShared(place + Place(c + 8 + lane / 4, r), block.Y);
            TensorCore.StoreShared(place + Place(c + lane / 4, r + 8), block.Z);
            TensorCore.StoreShared(place + Place(c + 8 + lane / 4, r + 8), block.W);
        }
        Group.Barrier();
        Store(turned, Pieces / 2, column + first, row);
        Group.Barrier();
    }

    private void Store(int lines, int pieces, int row, int column)
    {
        for (var piece = Group.IdxX; piece < pieces; piece += TensorProduct.GroupSize)
        {
            int r = row + piece / 16, c = column + piece % 16 * 8;
            TilePiece.Store(lines + Place(piece / 16, piece % 16 * 8), _result + Offset(r, c), Length(r, c), _isAligned);
        }
    }

    private void Finish(WarpStrip strip, int row)
    {
        Finish(strip.Sums0, row, 0);
        Finish(strip.Sums1, row, 8);
        Finish(strip.Sums2, row, 16);
        Finish(strip.Sums3, row, 24);
    }

    private void Finish(Float4 sums, int row, int column)
    {
        int warp = Group.IdxX / 32, lane = Group.IdxX % 32;
        var r = warp / 4 * 64 + row + lane / 4;
        var place = _shared + lane % 4 * 4 + Place(r, warp % 4 * 32 + column);
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

    private long Offset(int row, int column) => (row * (long)_columns + column) * 2;

    /// <summary>How many elements there are from one to the end of its row.</summary>
    private int Length(int row, int column) => row < _rows ? _columns - column : 0;
}
