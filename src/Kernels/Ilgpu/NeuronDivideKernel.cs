using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Divides each row of matrices by its divisor and scales the matrix back to its norm; what comes out is float.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
internal static unsafe class NeuronDivideKernel<TFormat> where TFormat : IFormat
{
    /// <summary>Takes the group's share of a matrix, whose norms each group takes anew.</summary>
    /// <param name="neurons">The matrices.</param>
    /// <param name="groups">How many groups share a matrix.</param>
    /// <param name="rowThreads">How many threads of a group share a row; a power of two.</param>
    /// <param name="squares">The sum of each row's squares.</param>
    /// <param name="divisors">What each row is divided by.</param>
    public static void Run(GpuNeurons neurons, int groups, int rowThreads, ArrayView<double> squares, ArrayView<float> divisors)
    {
        var before = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var after = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var matrix = Grid.IdxX / groups;
        var firstRow = matrix * (long)neurons.Rows;
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            double sum = 0, divided = 0;
            for (var row = strand; row < neurons.Rows; row += NormOrder.Strands)
            {
                sum += squares[firstRow + row];
                divided += NeuronRule.Divided(squares[firstRow + row], divisors[firstRow + row]);
            }
            before[strand] = sum;
            after[strand] = divided;
        }
        var factor = NeuronRule.Factor(GpuNorm.Fold<TwoNorm>(before), GpuNorm.Fold<TwoNorm>(after));

        var wide = TFormat.Size == 2 ? 8 : 4;
        var rows = Group.DimX / rowThreads;
        var lane = Group.IdxX & (rowThreads - 1);
        for (var row = (Grid.IdxX - matrix * groups) * rows + Group.IdxX / rowThreads; row < neurons.Rows; row += groups * rows)
        {
            var source = neurons.Source + (matrix * neurons.Length + row * (long)neurons.Stride) * TFormat.Size;
            var result = neurons.Result + (firstRow + row) * neurons.Columns * sizeof(float);
            var divisor = divisors[firstRow + row];
            var column = lane;
            if (((source | result) & 15) == 0)
            {
                for (column = lane * wide; column <= neurons.Columns - wide; column += rowThreads * wide)
                {
                    if (TFormat.Size == 2)
                        Divide<GpuFloats8>(source, result, column, divisor, factor);
                    else
                        Divide<GpuFloats4>(source, result, column, divisor, factor);
                }
                column = (neurons.Columns & -wide) + lane;
            }
            for (; column < neurons.Columns; column += rowThreads)
                Divide<GpuFloats1>(source, result, column, divisor, factor);
        }
    }

    private static void Divide<TFloats>(long source, long result, int column, float divisor, float factor) where TFloats : unmanaged, IFloats<TFloats>
    {
        var quotients = TFloats.Divide(TFormat.Load<TFloats>((void*)Ptx.Place(source, column, TFormat.Size)), TFloats.Create(divisor));
        Float32Format.Store(TFloats.Multiply(quotients, TFloats.Create(factor)), (void*)Ptx.Place(result, column, sizeof(float)));
    }
}
