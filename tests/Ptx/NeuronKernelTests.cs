using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>
/// The kernels that normalize neurons after Newton-Schulz on the GPU, executed on the CPU from their committed PTX: averages and directions have the bits of the CPU's.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class NeuronKernelTests
{
    /// <summary>Rows, columns, and elements from one row to the next.</summary>
    private static readonly (int Rows, int Columns, int Stride)[] _shapes = [(1, 1, 1), (7, 40, 40), (5, 24, 32), (5, 21, 24), (300, 8, 8), (2, 4097, 4097), (2, 8200, 8224)];

    [Test]
    public void GiveTheBitsOfSimd([ValueSource(nameof(_shapes))] (int Rows, int Columns, int Stride) shape, [Values(ElementType.BFloat16, ElementType.Float16, ElementType.Float32)] ElementType type)
    {
        const int Count = 3;
        var (rows, columns, stride) = shape;
        var random = new Random(columns);
        var rule = new NeuronRule(0.95, 1e-8);
        // The last matrix has no gradient, and a row of the first is zero.
        float[][] matrices = [.. Enumerable.Range(0, Count).Select(i => Enumerable.Range(0, rows * columns).Select(j => i == 0 && j < columns ? 0 : random.NextSingle() * 2 - 1).ToArray())];
        float[][] averages = [.. Enumerable.Range(0, Count).Select(i => Enumerable.Range(0, rows).Select(row => i == 0 && row == 0 ? 0 : random.NextSingle()).ToArray())];
        using var card = new Card();
        var source = card.Allocate(Bytes([.. matrices.SelectMany(matrix => matrix.Chunk(columns).SelectMany(row => (float[])[.. row, .. new float[stride - columns]]))], type));
        DeviceArray<float>[] placed = [.. averages.Select(each => card.Allocate((float[])each.Clone()))];
        var (squares, divisors, result) = (card.Zeros<double>(Count * rows), card.Zeros<float>(Count * rows), card.Zeros<float>(Count * rows * columns));
        var batch = new MatrixBatch((nint)source.Address, type, Count, rows, columns) { Stride = stride };
        var neurons = Card.BytesOf(new GpuNeurons(batch, (nint)result.Address));
        var measured = card.Launch(
            new CommittedKernel($"NeuronMoments.{type}").Text,
            rows * Count,
            UpdateKernel.GroupSizeFor(Math.Min(columns, 4096)),
            [neurons, card.Allocate((long[])[1, 1, 0]), card.Zeros<int>(Count), card.Allocate([rule]), card.Allocate(placed.Select(each => each.Address).ToArray()), squares, divisors],
            Checked);
        const int Groups = 2, RowThreads = 16;
        var divided = card.Launch(new CommittedKernel($"NeuronDivide.{type}").Text, Groups * Count, 256, [neurons, Groups, RowThreads, squares, divisors], Checked);
        Expect.Clean(measured);
        Expect.Clean(divided);

        var workers = new Workers(1);
        for (var i = 0; i < Count - 1; i++)
        {
            var (own, expected) = (Bytes(matrices[i], type), new float[rows * columns]);
            fixed (byte* matrix = own)
            fixed (float* average = averages[i], direction = expected)
                Neurons.Normalize(workers, 32, rule, new((nint)matrix, type, 1, rows, columns), average, direction);
            Assert.That(MemoryMarshal.AsBytes(placed[i].Read().AsSpan()).ToArray(), Is.EqualTo(MemoryMarshal.AsBytes(averages[i].AsSpan()).ToArray()), $"averages {i}");
            Assert.That(MemoryMarshal.AsBytes(result.Read().AsSpan(i * rows * columns, rows * columns)).ToArray(), Is.EqualTo(MemoryMarshal.AsBytes(expected.AsSpan()).ToArray()), $"directions {i}");
        }
        Assert.That(placed[^1].Read(), Is.EqualTo(averages[^1]), "without a gradient");
    }

    private static byte[] Bytes(float[] numbers, ElementType type) => type switch
    {
        ElementType.Float32 => MemoryMarshal.AsBytes<float>(numbers).ToArray(),
        ElementType.BFloat16 => MemoryMarshal.AsBytes<BFloat16>([.. numbers.Select(number => (BFloat16)number)]).ToArray(),
        _ => MemoryMarshal.AsBytes<Half>([.. numbers.Select(number => (Half)number)]).ToArray(),
    };

    private static LaunchRequest Checked(LaunchRequest request) => request with { ChecksRaces = true };
}
