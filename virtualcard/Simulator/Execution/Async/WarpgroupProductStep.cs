using System.Runtime.Intrinsics;
using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Async;

/// <summary>
/// wgmma.mma_async of a warpgroup: runs once for all four warps, with the first. A warp has 16 rows; its fragments are those of mma: register r of D
/// has row group + 8 (r >> 1 &amp; 1), column 8 (r >> 2) + 2 t + (r &amp; 1).
/// </summary>
/// <param name="d">The registers of the sum.</param>
/// <param name="accumulators">The same, as numbers of tracked registers.</param>
/// <param name="a">The registers of A; none where it lies in shared memory.</param>
/// <param name="fragments">The same, as numbers of tracked registers.</param>
/// <param name="keeps">Whether D's old value is added.</param>
/// <param name="isNegated">Whether the product is subtracted.</param>
internal sealed unsafe class WarpgroupProductStep(
    ProductShape shape, int[] d, int[] accumulators, int[] a, int[] fragments, SharedMatrix? left, SharedMatrix right, PredicateSlot keeps, bool isNegated, int line) : Step
{
    private const int Quad = 4, Block = 8, RowsAtOnce = 4;

    public override void Run(Warp warp)
    {
        var runner = warp.Runner;
        var units = runner.Async!;
        var products = units.Products;
        products.CheckRegisters(warp, accumulators, fragments, shape);
        var ofRight = right.Locate(warp);
        var ofLeft = left?.Locate(warp) ?? [];
        var thread = warp.Index * Lanes.Count;
        var hold = units.Proxy.BeginRead(warp, [.. ofRight, .. ofLeft], thread..(thread + ProductShape.Warps * Lanes.Count), "wgmma", line);
        var isKept = IsKept(warp);
        right.Decode(runner.Shared, ofRight, products.Right, outer: 1, inner: shape.Columns, orders: true, isNegated: false);
        left?.Decode(runner.Shared, ofLeft, products.Left, outer: shape.Depth, inner: 1, orders: false, isNegated);
        for (var i = 0; i < ProductShape.Warps; i++)
        {
            var part = runner.Warps[warp.Index + i];
            var rows = products.Left + i * ProductShape.RowsOfWarp * shape.Depth;
            if (left is null)
                DecodeFragments(part.Registers, rows);
            if (runner.Request.MmaRounding == MmaRounding.Nearest)
                Accumulate(part.Registers, rows, products.Right, isKept);
            else
                AccumulateSlowly(part.Registers, rows, products.Right, isKept, runner.Request.MmaRounding);
        }
        products.Add(warp, accumulators, fragments, shape, line, hold);
        runner.Statistics.Wgmma++;
        runner.Statistics.MmaFlops += 2L * ProductShape.Rows * shape.Columns * shape.Depth;
    }

    private bool IsKept(Warp first)
    {
        var kept = first.Predicate(keeps);
        for (var i = 0; i < ProductShape.Warps; i++)
        {
            if (first.Runner.Warps[first.Index + i].Predicate(keeps) != kept || kept is not (0 or Lanes.All))
                throw AsyncUnits.Hazard(first, first.Index * Lanes.Count, "scale-d differs between threads of the warpgroup");
        }
        return kept != 0;
    }

    private void DecodeFragments(byte* registers, double* to)
    {
        for (var r = 0; r < a.Length; r++)
        {
            for (var lane = 0; lane < Lanes.Count; lane++)
            {
                var word = ((uint*)(registers + a[r]))[lane];
                var row = to + (lane / Quad + Block * (r & 1)) * shape.Depth;
                var t = lane % Quad;
                if (shape.Type == PtxType.TF32)
                {
                    row[t + Quad * (r >> 1)] = Signed(BitConverter.UInt32BitsToSingle(word & 0xFFFFE000));
                    continue;
                }
                for (var half = 0; half < 2; half++)
                {
                    var bits = (ushort)(word >> 16 * half);
                    row[2 * t + half + Block * (r >> 1)] = Signed(shape.Type == PtxType.BF16 ? Floats.BFloat16ToFloat(bits) : Floats.HalfToFloat(bits));
                }
            }
        }
    }

    private float Signed(float value) => isNegated ? -value : value;

    private void Accumulate(byte* registers, double* x, double* y, bool isKept)
    {
        var (columns, depth) = (shape.Columns, shape.Depth);
        for (var row = 0; row < ProductShape.RowsOfWarp; row += RowsAtOnce)
        {
            double* x0 = x + row * depth, x1 = x0 + depth, x2 = x1 + depth, x3 = x2 + depth;
            for (var column = 0; column < columns; column += Block)
            {
                var part = y + column;
                var even0 = Vector256<double>.Zero;
                var (even1, even2, even3, odd0, odd1, odd2, odd3) = (even0, even0, even0, even0, even0, even0, even0);
                for (var k = 0; k < depth; k++, part += columns)
                {
                    Vector256<double> even = Vector256.Load(part), odd = Vector256.Load(part + Quad);
                    var factor = Vector256.Create(x0[k]);
                    even0 = Vector256.FusedMultiplyAdd(factor, even, even0);
                    odd0 = Vector256.FusedMultiplyAdd(factor, odd, odd0);
                    factor = Vector256.Create(x1[k]);
                    even1 = Vector256.FusedMultiplyAdd(factor, even, even1);
                    odd1 = Vector256.FusedMultiplyAdd(factor, odd, odd1);
                    factor = Vector256.Create(x2[k]);
                    even2 = Vector256.FusedMultiplyAdd(factor, even, even2);
                    odd2 = Vector256.FusedMultiplyAdd(factor, odd, odd2);
                    factor = Vector256.Create(x3[k]);
                    even3 = Vector256.FusedMultiplyAdd(factor, even, even3);
                    odd3 = Vector256.FusedMultiplyAdd(factor, odd, odd3);
                }
                Add(registers, row, column, even0, odd0, isKept);
                Add(registers, row + 1, column, even1, odd1, isKept);
                Add(registers, row + 2, column, even2, odd2, isKept);
                Add(registers, row + 3, column, even3, odd3, isKept);
            }
        }
    }

    private void AccumulateSlowly(byte* registers, double* x, double* y, bool isKept, MmaRounding rounding)
    {
        for (var row = 0; row < ProductShape.RowsOfWarp; row++)
        {
            for (var column = 0; column < shape.Columns; column++)
            {
                ref var sum = ref Place(registers, row, column / Block * Block, column % Block / Quad)[column % Quad];
                var old = isKept ? sum : 0;
                if (rounding == MmaRounding.Hardware)
                {
                    sum = (float)ProductSums.Aligned(x + row * shape.Depth, y + column, shape.Columns, shape.Depth, old);
                    continue;
                }
                double products = 0;
                for (var k = 0; k < shape.Depth; k++)
                    products += x[row * shape.Depth + k] * y[k * shape.Columns + column];
                sum = Floats.RoundToFloat(products + old, Rounding.Zero);
            }
        }
    }

    /// <summary>Adds a row's part of 8 columns to the registers.</summary>
    private void Add(byte* registers, int row, int column, Vector256<double> even, Vector256<double> odd, bool isKept)
    {
        float* evenPlace = Place(registers, row, column, 0), oddPlace = Place(registers, row, column, 1);
        if (isKept)
        {
            even += Vector256.WidenLower(Vector128.Load(evenPlace).ToVector256Unsafe());
            odd += Vector256.WidenLower(Vector128.Load(oddPlace).ToVector256Unsafe());
        }
        Vector256.Narrow(even, even).GetLower().Store(evenPlace);
        Vector256.Narrow(odd, odd).GetLower().Store(oddPlace);
    }

    /// <summary>Where the four even columns of a row and a block of 8 lie, or the four odd ones.</summary>
    private float* Place(byte* registers, int row, int column, int side) =>
        (float*)(registers + d[column / Block * 4 + row / Block * 2 + side]) + row % Block * Quad;
}
