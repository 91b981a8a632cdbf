using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Averages the squares of rows and columns of gradients of one shape, and makes directions, on the CPU: chooses the vectors to do it with.</summary>
internal static unsafe class FactoredMoments
{
    /// <summary>A tensor: where its gradient, its averages and its direction are, and how these are made.</summary>
    public readonly record struct Tensor(nint Gradient, nint Rows, nint Columns, nint Direction, AdafactorRule Rule);

    /// <summary>Moves the averages of tensors, and writes their directions.</summary>
    /// <param name="workers">The threads that share it.</param>
    /// <param name="vectorBits">Vector width.</param>
    /// <param name="type">The gradients' type.</param>
    /// <param name="shape">The tensors' shape.</param>
    /// <param name="tensors">The tensors.</param>
    public static void Update(Workers workers, int vectorBits, ElementType type, FactoredShape shape, ReadOnlySpan<Tensor> tensors)
    {
        switch (vectorBits)
        {
            case 512:
                Update<Floats16>(workers, type, shape, tensors);
                break;
            case 256:
                Update<Floats8>(workers, type, shape, tensors);
                break;
            case 128:
                Update<Floats4>(workers, type, shape, tensors);
                break;
            default:
                Update<Floats1>(workers, type, shape, tensors);
                break;
        }
    }

    private static void Update<TFloats>(Workers workers, ElementType type, FactoredShape shape, ReadOnlySpan<Tensor> tensors) where TFloats : unmanaged, IFloats<TFloats>
    {
        switch (type)
        {
            case ElementType.Float32:
                FactoredMoments<TFloats, Float32Format>.Update(workers, shape, tensors);
                break;
            case ElementType.BFloat16:
                FactoredMoments<TFloats, BFloat16Format>.Update(workers, shape, tensors);
                break;
            default:
                FactoredMoments<TFloats, Float16Format>.Update(workers, shape, tensors);
                break;
        }
    }
}
