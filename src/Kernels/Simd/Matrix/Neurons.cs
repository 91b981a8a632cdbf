using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Normalizes neurons, the rows of a direction, on the CPU: chooses the vectors to do it with.</summary>
internal static unsafe class Neurons
{
    /// <summary>Normalizes the rows of a matrix.</summary>
    /// <param name="workers">The threads that share it.</param>
    /// <param name="vectorBits">Vector width.</param>
    /// <param name="rule">How.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="averages">The average of each row's mean square.</param>
    /// <param name="result">Where the rows go, as floats.</param>
    public static void Normalize(Workers workers, int vectorBits, NeuronRule rule, MatrixBatch matrix, float* averages, float* result)
    {
        switch (vectorBits)
        {
            case 512:
                Normalize<Floats16>(workers, rule, matrix, averages, result);
                break;
            case 256:
                Normalize<Floats8>(workers, rule, matrix, averages, result);
                break;
            case 128:
                Normalize<Floats4>(workers, rule, matrix, averages, result);
                break;
            default:
                Normalize<Floats1>(workers, rule, matrix, averages, result);
                break;
        }
    }

    private static void Normalize<TFloats>(Workers workers, NeuronRule rule, MatrixBatch matrix, float* averages, float* result) where TFloats : unmanaged, IFloats<TFloats>
    {
        switch (matrix.ElementType)
        {
            case ElementType.Float32:
                Neurons<TFloats, Float32Format>.Normalize(workers, rule, matrix, averages, result);
                break;
            case ElementType.BFloat16:
                Neurons<TFloats, BFloat16Format>.Normalize(workers, rule, matrix, averages, result);
                break;
            default:
                Neurons<TFloats, Float16Format>.Normalize(workers, rule, matrix, averages, result);
                break;
        }
    }
}
