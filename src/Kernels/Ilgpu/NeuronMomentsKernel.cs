using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Sums the squares of the rows of matrices, moves the averages of their means, and finds what each row is divided by.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
internal static unsafe class NeuronMomentsKernel<TFormat> where TFormat : IFormat
{
    /// <summary>Takes the row of the group.</summary>
    /// <param name="neurons">The matrices.</param>
    /// <param name="gradients">Address of each matrix's gradient; 0 leaves its averages as they are.</param>
    /// <param name="ruleIndices">For each matrix, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="averages">Address of each matrix's averages.</param>
    /// <param name="squares">The sum of each row's squares.</param>
    /// <param name="divisors">What each row is divided by.</param>
    public static void Run(
        GpuNeurons neurons, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<NeuronRule> rules, ArrayView<long> averages, ArrayView<double> squares, ArrayView<float> divisors)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var chunkStrands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var matrix = Grid.IdxX / neurons.Rows;
        if (gradients[matrix] == 0)
            return;
        var row = Grid.IdxX - matrix * neurons.Rows;
        var source = neurons.Source + (matrix * neurons.Length + row * (long)neurons.Stride) * TFormat.Size;
        var sum = GpuNorm.Sum<TFormat, TwoNorm>(strands, chunkStrands, source, neurons.Columns);
        if (Group.IdxX != 0)
            return;
        var place = (void*)(averages[matrix] + row * sizeof(float));
        Lane<GpuFloats1, Float32Format> average = new(Float32Format.Load<GpuFloats1>(place)), mean = new(GpuFloats1.Create(NeuronRule.Mean(sum, neurons.Columns)));
        divisors[Grid.IdxX] = rules[ruleIndices[matrix]].Divisor(ref average, mean).Value.Value;
        Float32Format.Store(average.Value, place);
        squares[Grid.IdxX] = sum;
    }
}
