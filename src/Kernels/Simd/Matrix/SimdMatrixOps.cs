using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>The matrix operations of Newton-Schulz on the CPU.</summary>
/// <typeparam name="TTile">The innermost part of the product.</typeparam>
/// <typeparam name="TFloats">The vector width.</typeparam>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
/// <param name="workers">The threads that share each operation.</param>
internal sealed unsafe class SimdMatrixOps<TTile, TFloats, TFormat>(Workers workers) : IMatrixOps
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon)
    {
        if (raw.ElementType == TFormat.Type)
            Normalize<TFormat>(raw, x, scale, epsilon);
        else
            Normalize<Float32Format>(raw, x, scale, epsilon);
    }

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result)
    {
        int order = x.Order, depth = Math.Max(x.Rows, x.Columns);
        for (var i = 0; i < x.Count; i++)
        {
            var panels = Scratch.Left(Panels<TTile, TFloats, TFormat>.Length(order, depth));
            // Row r of X is a row of the matrix, or a column if the matrix is tall.
            Pack(x[i], x.IsTall ? 1 : depth, x.IsTall ? order : 1, order, depth, panels);
            Multiply(panels, panels, order, order, depth, scale, 0, 0, result[i], isSymmetric: true);
        }
    }

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result)
    {
        var order = a.Order;
        for (var i = 0; i < a.Count; i++)
        {
            var panels = Scratch.Left(Panels<TTile, TFloats, TFormat>.Length(order, order));
            Pack(a[i], 1, order, order, order, panels);
            Multiply(panels, panels, order, order, order, c, b, a[i].Address, result[i], isSymmetric: true);
        }
    }

    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result)
    {
        var order = b.Order;
        for (var i = 0; i < b.Count; i++)
        {
            var left = Scratch.Left(Panels<TTile, TFloats, TFormat>.Length(order, order));
            var right = Scratch.Right(Panels<TTile, TFloats, TFormat>.Length(order, order));
            Pack(b[i], 1, order, order, order, left);
            Pack(x[i], 1, order, order, order, right);
            Multiply(left, right, order, order, order, factor, scale, x[i].Address, result[i], isSymmetric: true);
        }
    }

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result)
    {
        for (var i = 0; i < a.Count; i++)
        {
            var job = new AddIdentityJob<TFloats, TFormat>((void*)a[i].Address, factor, scale, a.Order, (void*)result[i].Address);
            workers.Run(ref job, a.Order);
        }
    }

    public void Deviation(MatrixBatch a, nint result)
    {
        var order = a.Order;
        for (var i = 0; i < a.Count; i++)
        {
            var matrix = (void*)a[i].Address;
            var largest = 0.0;
            for (var row = 0; row < order; row++)
            {
                for (var column = 0; column < order; column++)
                {
                    float number;
                    Floats1.Store(Elements<TFormat>.Load<Floats1>(matrix, (nint)row * order + column), &number);
                    largest = MaxNorm.Accumulate(largest, row == column ? number - 1.0 : number);
                }
            }
            ((float*)result)[i] = (float)largest;
        }
    }

    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result)
    {
        var order = b.Order;
        for (var i = 0; i < x.Count; i++)
        {
            var left = Scratch.Left(Panels<TTile, TFloats, TFormat>.Length(x.Rows, order));
            var right = Scratch.Right(Panels<TTile, TFloats, TFormat>.Length(x.Columns, order));
            if (x.IsTall)
            {
                // The transpose of a X + B X is a Xᵀ + Xᵀ B, and Xᵀ is how the matrix lies.
                Pack(x[i], order, 1, x.Rows, order, left);
                Pack(b[i], 1, order, order, order, right);
            }
            else
            {
                Pack(b[i], 1, order, order, order, left);
                Pack(x[i], 1, x.Columns, x.Columns, order, right);
            }
            Multiply(left, right, x.Rows, x.Columns, order, 1, a, a == 0 ? 0 : x[i].Address, result[i]);
        }
    }

    public bool TryIterate(MatrixBatch x, ReadOnlySpan<NewtonSchulzStep> steps)
    {
        if (workers.Count > 1 || !PanelNewtonSchulz<TTile, TFloats, TFormat>.Takes(x))
            return false;
        for (var i = 0; i < x.Count; i++)
            PanelNewtonSchulz<TTile, TFloats, TFormat>.Run(x[i], steps);
        return true;
    }

    private void Normalize<TRaw>(MatrixBatch raw, MatrixBatch x, double scale, double epsilon) where TRaw : IFormat
    {
        for (var i = 0; i < x.Count; i++)
        {
            var source = (void*)raw[i].Address;
            var squares = ChunkedNorm<TRaw, TwoNorm>.Run(workers, source, x.Length);
            var norm = Round<TRaw>((float)(scale * Math.Sqrt(squares)));
            var least = Round<TRaw>((float)epsilon);
            var job = new DivideJob<TFloats, TRaw, TFormat>(source, (void*)x[i].Address, x.Length, norm < least ? least : norm);
            workers.Run(ref job, job.Chunks);
        }
    }

    private static float Round<TRounded>(float value) where TRounded : IFormat
    {
        float rounded;
        Floats1.Store(TRounded.Round(Floats1.Create(value)), &rounded);
        return rounded;
    }

    private void Pack(MatrixBatch matrix, nint rowStride, nint depthStride, int rows, int depth, float* panels) =>
        new PackJob<TTile, TFloats, TFormat>((void*)matrix.Address, rowStride, depthStride, rows, depth, panels).Run(workers);

    private void Multiply(float* left, float* right, int rows, int columns, int depth, float alpha, float beta, nint addend, MatrixBatch result, bool isSymmetric = false)
    {
        var job = new ProductJob<TTile, TFloats, TFormat>
        {
            Left = left,
            Right = right,
            Rows = rows,
            Columns = columns,
            Depth = depth,
            IsSymmetric = isSymmetric,
            Alpha = alpha,
            Beta = beta,
            Addend = (void*)addend,
            Result = (void*)result.Address,
        };
        job.Run(workers);
    }
}
