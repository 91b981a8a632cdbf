using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>
/// Newton-Schulz on small matrices of bfloat16 by tensor cores, a group of threads for each: it is read, divided by its norm, taken through all steps in
/// shared memory, and written. <see cref="NewtonSchulz"/> says what is done, and the bits are those of <see cref="NormalizeKernel{TRaw, TFormat}"/> and
/// <see cref="TensorProduct{TFormat, TLeft, TRight, TOrder}"/>, which take a launch for each operation.
/// </summary>
/// <remarks>
/// Behind rows and columns there are zeros. A tall matrix is worked on transposed, by the way in which operands are read. Each step overwrites what was
/// X Xᵀ by the next X.
/// </remarks>
/// <typeparam name="TRows">The most rows.</typeparam>
/// <typeparam name="TColumns">The most columns.</typeparam>
internal static unsafe class OrthogonalizeKernel<TRows, TColumns>
    where TRows : struct, IExtent
    where TColumns : struct, IExtent
{
    private static int MatrixBytes => TRows.Elements * Lines<TColumns>.Bytes;

    private static bool IsHigh => TRows.Elements > 64;

    private static bool IsWide => TColumns.Elements > 64;

    /// <summary>Whether the short side may have more than 64 elements.</summary>
    private static bool IsLarge => IsHigh && IsWide;

    /// <summary>Orthogonalizes the group's matrix.</summary>
    /// <param name="matrices">The matrices.</param>
    /// <param name="sums">The sums of squares of their chunks, matrix after matrix.</param>
    /// <param name="scale">Factor of the norm.</param>
    /// <param name="epsilon">The least divisor.</param>
    /// <param name="steps">The coefficients of each step.</param>
    [DynamicSharedMemory(SmallMatrices.MaxSharedBytes)]
    public static void Run(GpuMatrices matrices, ArrayView<double> sums, double scale, float epsilon, ArrayView<NewtonSchulzStep> steps)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var memory = SharedMemory.GetDynamic<UInt4>();
        var x = (TensorCore.SharedAddress(ref memory[0]) + SmallMatrices.Alignment - 1) & -SmallMatrices.Alignment;
        int product = x + MatrixBytes, polynomial = product + MatrixBytes;

        int rows = matrices.Rows, columns = matrices.Columns, length = rows * columns;
        var address = matrices.Address + Grid.IdxX * (long)length * 2;
        var divisor = GpuNorm.Divisor<BFloat16Format>(strands, sums, Grid.IdxX, length, scale, epsilon);
        Load(address, rows, columns, divisor, x);
        Group.Barrier();

        var isTall = TRows.Elements == TColumns.Elements ? rows > columns : TRows.Elements > TColumns.Elements;
        int order = IntrinsicMath.Min(rows, columns), depth = IntrinsicMath.Max(rows, columns);
        for (var i = 0; i < steps.IntLength; i++)
        {
            var step = steps[i];
            var a = (float)step.A;
            var squares = isTall
                ? Multiply<AcrossLines<TColumns>, AcrossLines<TColumns>>(x, x, depth, IsLarge, IsLarge, true)
                : Multiply<AlongLines<TColumns>, AlongLines<TColumns>>(x, x, depth, IsLarge, IsLarge, true);
            if (step.C == 0)
            {
                new Epilogue<TColumns>((float)step.B, true, 0, 0, false).Finish(squares, polynomial, IsLarge, IsLarge, true);
            }
            else
            {
                Epilogue<TColumns>.Plain.Finish(squares, product, IsLarge, IsLarge, true);
                ClearBehind(product, order, order);
                // The square is symmetric, so its columns are its lines.
                squares = Multiply<AlongLines<TColumns>, AlongLines<TColumns>>(product, product, order, IsLarge, IsLarge, true);
                new Epilogue<TColumns>((float)step.C, true, product, (float)step.B, true).Finish(squares, polynomial, IsLarge, IsLarge, true);
            }
            ClearBehind(polynomial, order, order);
            var next = isTall
                ? Multiply<AlongLines<TColumns>, AlongLines<TColumns>>(x, polynomial, order, IsHigh, IsWide, false)
                : Multiply<AlongLines<TColumns>, AcrossLines<TColumns>>(polynomial, x, order, IsHigh, IsWide, false);
            if (a == 0)
                Epilogue<TColumns>.Plain.Finish(next, product, IsHigh, IsWide, false);
            else
                new Epilogue<TColumns>(1, false, x, a, true).Finish(next, product, IsHigh, IsWide, false);
            ClearBehind(product, rows, columns);
            (x, product) = (product, x);
        }
        Store(x, rows, columns, address);
    }

    /// <summary>Has all see a matrix, with zeros behind rows and columns: what was there may be no number, since zero times one that is not finite is none.</summary>
    private static void ClearBehind(int matrix, int rows, int columns)
    {
        Group.Barrier();
        if (((rows | columns) & 63) == 0)
            return;
        // A line a thread.
        if (Group.IdxX < TRows.Elements)
        {
            var column = Group.IdxX < rows ? columns : 0;
            if ((column & 7) > 0)
            {
                var place = matrix + Lines<TColumns>.Place(Group.IdxX, column);
                TensorCore.StoreSharedFour(place, Eight.First(TensorCore.LoadSharedFour(place), column & 7));
            }
            for (var piece = (column + 7) / 8; piece < TColumns.Elements / 8; piece++)
                TensorCore.StoreSharedFour(matrix + Lines<TColumns>.Place(Group.IdxX, piece * 8), default);
        }
        Group.Barrier();
    }

    /// <summary>Sums of products for a warp: strip 0 of its 16 rows of the upper 64 and the left 64 columns, 1 to the right of it, 2 and 3 below these.</summary>
    /// <param name="left">The left operand.</param>
    /// <param name="right">The right one.</param>
    /// <param name="depth">Inner indices; taken to whole 32, as the products of larger matrices do.</param>
    /// <param name="isHigh">Whether there are more than 64 rows; a constant.</param>
    /// <param name="isWide">Whether there are more than 64 columns; a constant.</param>
    /// <param name="isSymmetric">Whether strip 1 is left to the mirror image of strip 2; a constant.</param>
    private static WarpTile Multiply<TLeft, TRight>(int left, int right, int depth, bool isHigh, bool isWide, bool isSymmetric)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
    {
        int leftPlace = TLeft.Place(left, Group.IdxX / 32 * 16, isRight: false), rightPlace = TRight.Place(right, 0, isRight: true);
        var sums = default(WarpTile);
        for (var k = 0; k < depth; k += 32)
        {
            sums = MultiplyAdd<TLeft, TRight>(sums, leftPlace, rightPlace, k, isHigh, isWide, isSymmetric);
            sums = MultiplyAdd<TLeft, TRight>(sums, leftPlace, rightPlace, k + 16, isHigh, isWide, isSymmetric);
        }
        return sums;
    }

    /// <summary>Adds the products of 16 inner indices.</summary>
    private static WarpTile MultiplyAdd<TLeft, TRight>(WarpTile sums, int left, int right, int k, bool isHigh, bool isWide, bool isSymmetric)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
    {
        UInt4 upper = TLeft.Load(left, 0, k), lower = isHigh ? TLeft.Load(left, 64, k) : default;
        UInt4 right0 = TRight.Load(right, 0, k), right1 = TRight.Load(right, 16, k), right2 = TRight.Load(right, 32, k), right3 = TRight.Load(right, 48, k);
        sums.Strip0 = sums.Strip0.MultiplyAdd<BFloat16Format>(upper, right0, right1, right2, right3);
        if (isHigh)
            sums.Strip2 = sums.Strip2.MultiplyAdd<BFloat16Format>(lower, right0, right1, right2, right3);
        if (!isWide)
            return sums;
        (right0, right1, right2, right3) = (TRight.Load(right, 64, k), TRight.Load(right, 80, k), TRight.Load(right, 96, k), TRight.Load(right, 112, k));
        if (!isSymmetric)
            sums.Strip1 = sums.Strip1.MultiplyAdd<BFloat16Format>(upper, right0, right1, right2, right3);
        if (isHigh)
            sums.Strip3 = sums.Strip3.MultiplyAdd<BFloat16Format>(lower, right0, right1, right2, right3);
        return sums;
    }

    /// <summary>Brings the matrix, divided, to shared memory.</summary>
    private static void Load(long address, int rows, int columns, float divisor, int matrix)
    {
        for (var piece = new Piece<TColumns>(Group.IdxX); piece.Row < TRows.Elements; piece = piece.Next)
        {
            var length = piece.Row < rows ? columns - piece.Column : 0;
            var numbers = default(UInt4);
            if (length > 0)
            {
                var source = address + (piece.Row * columns + piece.Column) * 2;
                numbers = columns % 8 == 0 ? Ptx.LoadEight((ushort*)source) : Eight.Load(source, length);
                var quotients = GpuFloats8.Divide(Eight.ToFloats(numbers), GpuFloats8.Create(divisor));
                numbers = Eight.First(Eight.ToBFloat16(quotients), length);
            }
            TensorCore.StoreSharedFour(matrix + piece.Place, numbers);
        }
    }

    /// <summary>Brings the matrix back.</summary>
    private static void Store(int matrix, int rows, int columns, long address)
    {
        for (var piece = new Piece<TColumns>(Group.IdxX); piece.Row < rows; piece = piece.Next)
        {
            if (piece.Column >= columns)
                continue;
            var numbers = TensorCore.LoadSharedFour(matrix + piece.Place);
            var destination = address + (piece.Row * columns + piece.Column) * 2;
            if (columns % 8 == 0)
                Ptx.StoreEight((ushort*)destination, numbers);
            else
                Eight.Store(numbers, columns - piece.Column, destination);
        }
    }
}
