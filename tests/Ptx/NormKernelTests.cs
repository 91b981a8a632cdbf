using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Host.Simd;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Tests.Ptx;

/// <summary>The kernels that clip gradients by their norm, executed on the CPU from their committed PTX: the norm and the factor of the <see cref="SimdDevice"/>, bit for bit.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class NormKernelTests
{
    [Test]
    public void GiveTheBitsOfSimd([Values("OneNorm", "TwoNorm", "MaxNorm")] string norm, [Values] ElementType type, [Values(0.5f, 1e9f)] float maxNorm)
    {
        int[] lengths = [1, 5, 4096, 5003, 130];
        using var device = new SimdDevice();
        var (numbers, expected, factor) = Measure(device, norm, type, lengths, maxNorm);
        var actual = Simulate(norm, type, lengths, numbers, maxNorm);
        Assert.That((actual.Races, actual.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', actual.Warnings));
        Assert.That(BitConverter.Int64BitsToDouble(actual.Norm), Is.EqualTo(expected));
        Assert.That((float)actual.Factor, Is.EqualTo(factor));
        Assert.That(actual.Patched, Is.EqualTo([factor, factor, factor]));
        Assert.That(actual.Rest, Is.Zero, "the rest of a rule");
    }

    /// <summary>Each gradient is read once, and little else is touched.</summary>
    [TestCase(ElementType.Float32, 4)]
    [TestCase(ElementType.BFloat16, 2)]
    public void MoveTheBytesOfTheFloor(ElementType type, int floor)
    {
        int[] lengths = [32 * NormOrder.ChunkLength];
        using var device = new SimdDevice();
        var (numbers, _, _) = Measure(device, "TwoNorm", type, lengths, 1);
        Assert.That((double)Simulate("TwoNorm", type, lengths, numbers, 1).NormBytes / lengths[0] / floor, Is.InRange(1.0, 1.02));
    }

    private static (byte[] Numbers, double Norm, float Factor) Measure(SimdDevice device, string norm, ElementType type, int[] lengths, float maxNorm)
    {
        var random = new Random(3);
        DeviceBuffer[] gradients =
        [
            .. lengths.Select(length =>
            {
                float[] numbers = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
                return (DeviceBuffer)(type switch
                {
                    ElementType.Float32 => device.CreateBuffer<float>(numbers),
                    ElementType.BFloat16 => device.CreateBuffer<BFloat16>([.. numbers.Select(value => (BFloat16)value)]),
                    _ => device.CreateBuffer<Half>([.. numbers.Select(value => (Half)value)]),
                });
            }),
        ];
        // The last tensor has no gradient.
        using var batch = device.CreateUpdateBatch(type, type, [.. lengths.Append(100).Select(length => new UpdateSegment(0, 0, 0, 0, length))]);
        for (var i = 0; i < gradients.Length; i++)
            batch.Gradients[i] = gradients[i].Address;
        using var measure = new SimdGradientMeasure(device.Workers);
        var factor = measure.Take([batch], norm switch { "OneNorm" => 1, "TwoNorm" => 2, _ => double.PositiveInfinity }, maxNorm);
        byte[] bytes =
        [
            .. gradients.SelectMany(gradient =>
            {
                var numbers = new byte[gradient.SizeInBytes];
                gradient.CopyBytesTo(numbers);
                return numbers;
            }),
        ];
        return (bytes, measure.Read(), factor);
    }

    private static Result Simulate(string norm, ElementType type, int[] lengths, byte[] numbers, float maxNorm)
    {
        var folder = Directory.CreateTempSubdirectory("gpuoptim-ptx-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            File.WriteAllBytes(At("input"), numbers);
            File.WriteAllText(At("job.json"), JsonSerializer.Serialize(new
            {
                normPtx = new CommittedKernel($"{norm}.{type}").Path,
                scalePtx = new CommittedKernel($"{norm}.Scale").Path,
                patchPtx = new CommittedKernel("Patch").Path,
                input = At("input"),
                lengths,
                misalignments = lengths.Select((_, i) => i == 3 ? 4 : 0),
                elementSize = type.Size(),
                chunkLength = NormOrder.ChunkLength,
                ruleSize = 28,
                maxNorm,
            }));
            return JsonSerializer.Deserialize<Result>(Simulator.Run("simulate_norm.py", At("job.json")), JsonSerializerOptions.Web)!;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed record Result(long Norm, double Factor, float[] Patched, int Rest, long NormBytes, int Races, string[] Warnings);
}
