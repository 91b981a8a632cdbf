using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>
/// mma.sync of a 16 x k with a k x 8 matrix of 16-bit or tf32 numbers, and a sum in float. Products are exact, their sum is taken in double and rounded
/// once, or as <see cref="MmaRounding"/> says; the hardware sums otherwise, so results are compared with a tolerance.
/// </summary>
/// <remarks>
/// Fragments as the PTX ISA has them; a lane is 4 * group + t. Register r, half h of A: row group + 8 (r &amp; 1), column 2 t + h + 8 (r >> 1); of B: row
/// 2 t + h + 8 r, column group. tf32: A column t + 4 (r >> 1), B row t + 4 r. C, D: row group + 8 (r >> 1), column 2 t + (r &amp; 1). In here, inner indices
/// are ordered as the lanes are, for A and B alike; and columns as the lanes of C are.
/// </remarks>
internal sealed unsafe class MmaStep(int[] d, int[] a, int[] b, int[] c, PtxType type, int depth) : Step
{
    private const int Rows = 16, Columns = 8, Quad = 4;

    private readonly int _block = type == PtxType.TF32 ? 4 : 8;

    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var left = stackalloc double[Rows * depth];
        var right = stackalloc double[depth * Columns];
        var halves = type == PtxType.TF32 ? 1 : 2;
        var decoded = stackalloc float[Lanes.Count];
        for (var i = 0; i < a.Length; i++)
        {
            for (var half = 0; half < halves; half++)
            {
                Decode((uint*)(r + a[i]), half, decoded);
                var inner = (i >> 1) * Quad * halves + half * Quad;
                for (var group = 0; group < 8; group++)
                {
                    var four = Vector256.WidenLower(Vector128.Load(decoded + Quad * group).ToVector256Unsafe());
                    four.Store(left + (group + 8 * (i & 1)) * depth + inner);
                }
            }
        }
        for (var i = 0; i < b.Length; i++)
        {
            for (var half = 0; half < halves; half++)
            {
                Decode((uint*)(r + b[i]), half, decoded);
                var row = right + (i * Quad * halves + half * Quad) * Columns;
                Transpose(decoded, row);
                Transpose(decoded + Quad, row + Quad);
            }
        }
        if (warp.Runner.Request.MmaRounding == MmaRounding.Nearest)
            Accumulate(r, left, right);
        else
            AccumulateSlowly(r, left, right, warp.Runner.Request.MmaRounding);
        warp.Runner.Statistics.Mma++;
        warp.Runner.Statistics.MmaFlops += 2 * Rows * Columns * depth;
    }

    /// <summary>Every second group of four lanes becomes a column.</summary>
    private static void Transpose(float* groups, double* columns)
    {
        Vector128<float> a = Vector128.Load(groups), b = Vector128.Load(groups + 8), c = Vector128.Load(groups + 16), d = Vector128.Load(groups + 24);
        if (!Sse.IsSupported)
        {
            for (var t = 0; t < Quad; t++)
                Vector256.Create(a[t], b[t], c[t], (double)d[t]).Store(columns + t * Columns);
            return;
        }
        Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), abHigh = Sse.UnpackHigh(a, b), cdHigh = Sse.UnpackHigh(c, d);
        Widen(Sse.MoveLowToHigh(ab, cd)).Store(columns);
        Widen(Sse.MoveHighToLow(cd, ab)).Store(columns + Columns);
        Widen(Sse.MoveLowToHigh(abHigh, cdHigh)).Store(columns + 2 * Columns);
        Widen(Sse.MoveHighToLow(cdHigh, abHigh)).Store(columns + 3 * Columns);
    }

    private static Vector256<double> Widen(Vector128<float> four) => Vector256.WidenLower(four.ToVector256Unsafe());

    private void Accumulate(byte* r, double* left, double* right)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            AccumulateWide(r, left, right);
            return;
        }
        for (var row = 0; row < Rows; row += 2)
        {
            var (low0, high0) = (Load(r, c, row, 0), Load(r, c, row, 1));
            var (low1, high1) = (Load(r, c, row + 1, 0), Load(r, c, row + 1, 1));
            double* x = left + row * depth, y = x + depth;
            var sum0 = Vector256<double>.Zero;
            var (sum1, sum2, sum3) = (sum0, sum0, sum0);
            for (var k = 0; k < depth; k++)
            {
                Vector256<double> first = Vector256.Create(x[k]), second = Vector256.Create(y[k]);
                Vector256<double> even = Vector256.Load(right + k * Columns), odd = Vector256.Load(right + k * Columns + Quad);
                sum0 = Vector256.FusedMultiplyAdd(first, even, sum0);
                sum1 = Vector256.FusedMultiplyAdd(first, odd, sum1);
                sum2 = Vector256.FusedMultiplyAdd(second, even, sum2);
                sum3 = Vector256.FusedMultiplyAdd(second, odd, sum3);
            }
            Store(r, row, 0, sum0 + low0);
            Store(r, row, 1, sum1 + high0);
            Store(r, row + 1, 0, sum2 + low1);
            Store(r, row + 1, 1, sum3 + high1);
        }
    }

    private void AccumulateWide(byte* r, double* left, double* right)
    {
        for (var row = 0; row < Rows; row += 4)
        {
            var sum0 = Vector512<double>.Zero;
            var (sum1, sum2, sum3) = (sum0, sum0, sum0);
            var x = left + row * depth;
            for (var k = 0; k < depth; k++)
            {
                var columns = Vector512.Load(right + k * Columns);
                sum0 = Vector512.FusedMultiplyAdd(Vector512.Create(x[k]), columns, sum0);
                sum1 = Vector512.FusedMultiplyAdd(Vector512.Create(x[k + depth]), columns, sum1);
                sum2 = Vector512.FusedMultiplyAdd(Vector512.Create(x[k + 2 * depth]), columns, sum2);
                sum3 = Vector512.FusedMultiplyAdd(Vector512.Create(x[k + 3 * depth]), columns, sum3);
            }
            StoreSum(r, row, sum0);
            StoreSum(r, row + 1, sum1);
            StoreSum(r, row + 2, sum2);
            StoreSum(r, row + 3, sum3);
        }
    }

    private void StoreSum(byte* r, int row, Vector512<double> sum)
    {
        // The register of C may be that of D: read before it is written.
        var (low, high) = (Load(r, c, row, 0), Load(r, c, row, 1));
        Store(r, row, 0, sum.GetLower() + low);
        Store(r, row, 1, sum.GetUpper() + high);
    }

    private void AccumulateSlowly(byte* r, double* left, double* right, MmaRounding rounding)
    {
        var four = stackalloc double[Quad];
        for (var row = 0; row < Rows; row++)
        {
            for (var side = 0; side < 2; side++)
            {
                Load(r, c, row, side).Store(four);
                for (var t = 0; t < Quad; t++)
                {
                    var column = side * Quad + t;
                    var sum = four[t];
                    if (rounding == MmaRounding.TowardZero)
                    {
                        double products = 0;
                        for (var k = 0; k < depth; k++)
                            products += left[row * depth + k] * right[k * Columns + column];
                        sum = Floats.RoundToFloat(products + sum, Rounding.Zero);
                    }
                    else
                    {
                        for (var k = 0; k < depth; k += _block)
                            sum = ProductSums.Aligned(left + row * depth + k, right + k * Columns + column, Columns, _block, sum);
                    }
                    four[t] = sum;
                }
                Store(r, row, side, Vector256.Load(four));
            }
        }
    }

    private static Vector256<double> Load(byte* r, int[] registers, int row, int side) =>
        Vector256.WidenLower(Vector128.Load((float*)(r + registers[2 * (row >> 3) + side]) + Quad * (row & 7)).ToVector256Unsafe());

    private void Store(byte* r, int row, int side, Vector256<double> value) =>
        Vector256.Narrow(value, value).GetLower().Store((float*)(r + d[2 * (row >> 3) + side]) + Quad * (row & 7));

    private void Decode(uint* words, int half, float* to)
    {
        for (var i = 0; i < Lanes.Count; i += 8)
        {
            var word = Vector256.Load(words + i);
            var value = type switch
            {
                PtxType.TF32 => (word & Vector256.Create(0xFFFFE000u)).AsSingle(),
                PtxType.BF16 => half == 0 ? HalfVectors.FromBFloat16(word) : (word & Vector256.Create(0xFFFF0000u)).AsSingle(),
                _ => HalfVectors.FromFloat16(half == 0 ? word & Vector256.Create(0xFFFFu) : word >>> 16),
            };
            value.Store(to + i);
        }
    }
}
