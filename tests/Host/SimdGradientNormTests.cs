using GpuOptim.Host;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Tests.Host;

/// <summary>The norm of many tensors in one job, against the order as <see cref="NormOrder"/> tells it, number by number.</summary>
public sealed unsafe class SimdGradientNormTests
{
    [Test]
    public void TensorsOfAnyLengthsAreTakenInOrder([Values(1, 2, 5)] int threads, [Range(0, 9)] int seed)
    {
        var random = new Random(seed);
        float[][][] tables =
        [
            .. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => (float[][])[.. Enumerable.Range(0, 1 + random.Next(40)).Select(_ => Numbers(random))]),
        ];
        var isMissing = tables.Select(table => table.Select(_ => random.Next(6) == 0).ToArray()).ToArray();
        using var device = new SimdDevice(threads);
        var batches = new List<UpdateBatch>();
        var expected = new List<double>();
        foreach (var (table, missing) in tables.Zip(isMissing))
        {
            var buffers = table.Select(numbers => device.CreateBuffer<float>(numbers)).ToArray();
            var batch = device.CreateUpdateBatch(ElementType.Float32, ElementType.Float32, [.. buffers.Select(buffer => new UpdateSegment(buffer.Address, 0, 0, 0, buffer.Length))]);
            for (var i = 0; i < table.Length; i++)
            {
                batch.Gradients[i] = missing[i] ? 0 : buffers[i].Address;
                for (var start = 0; start < table[i].Length; start += NormOrder.ChunkLength)
                    expected.Add(missing[i] ? 0 : SumOfSquares(table[i].Skip(start).Take(NormOrder.ChunkLength)));
            }
            batches.Add(batch);
        }

        using var norm = device.CreateGradientNorm();
        norm.Take([.. batches], new() { Order = 2, MaxNorm = 1 });
        Assert.That(norm.ReadNorm(), Is.EqualTo(Math.Sqrt(Fold(expected))));
    }

    [Test]
    public void NaNOfAnyBitsComesOutAsTheOne()
    {
        using var device = new SimdDevice();
        using var buffer = device.CreateBuffer<float>([1, BitConverter.UInt32BitsToSingle(uint.MaxValue)]);
        var batch = device.CreateUpdateBatch(ElementType.Float32, ElementType.Float32, [new(buffer.Address, 0, 0, 0, 2)]);
        batch.Gradients[0] = buffer.Address;
        using var norm = device.CreateGradientNorm();
        norm.Take([batch], new() { Order = 2, MaxNorm = 1 });
        Assert.That(BitConverter.DoubleToInt64Bits(norm.ReadNorm()), Is.EqualTo(BitConverter.DoubleToInt64Bits(double.NaN)));
    }

    private static float[] Numbers(Random random) =>
        [.. Enumerable.Range(0, random.Next(5) switch { 0 => 0, 1 => random.Next(20), 2 => random.Next(2000), 3 => 4096 * random.Next(3), _ => random.Next(9000) }).Select(_ => random.NextSingle() * 2 - 1)];

    private static double SumOfSquares(IEnumerable<float> chunk)
    {
        var sums = new double[NormOrder.Strands, NormOrder.QuadLength];
        foreach (var (i, number) in chunk.Index())
            sums[i / NormOrder.QuadLength % NormOrder.Strands, i % NormOrder.QuadLength] += (double)number * number;
        return FoldStrands([.. Enumerable.Range(0, NormOrder.Strands).Select(strand => sums[strand, 0] + sums[strand, 2] + (sums[strand, 1] + sums[strand, 3]))]);
    }

    private static double Fold(List<double> chunks)
    {
        var strands = new double[NormOrder.Strands];
        for (var i = 0; i < chunks.Count; i++)
            strands[i % NormOrder.Strands] += chunks[i];
        return FoldStrands(strands);
    }

    private static double FoldStrands(double[] strands)
    {
        for (var half = strands.Length / 2; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
                strands[i] += strands[i + half];
        }
        return strands[0];
    }
}
