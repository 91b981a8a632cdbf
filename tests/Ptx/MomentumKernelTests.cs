using System.Runtime.InteropServices;
using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Tests.Ptx;

/// <summary>
/// The kernels that go before Newton-Schulz on the GPU, executed on the CPU from their committed PTX: momentum, look-ahead, copy and sums of squares in
/// one, division by the norm in the other. They give the bits of the <see cref="SimdDevice"/>.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class MomentumKernelTests
{
    private const int Groups = 512;

    /// <summary>Of gradients, momentum, matrices to orthogonalize, and what the momentum is computed in.</summary>
    private static readonly (ElementType Gradient, ElementType State, ElementType Work, ElementType Compute)[] _types =
    [
        (ElementType.Float32, ElementType.Float32, ElementType.BFloat16, ElementType.Float32),
        (ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32),
        (ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16),
        (ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16, ElementType.Float32),
        (ElementType.BFloat16, ElementType.Float32, ElementType.BFloat16, ElementType.Float32),
        (ElementType.Float16, ElementType.Float16, ElementType.BFloat16, ElementType.Float16),
        (ElementType.Float16, ElementType.Float16, ElementType.Float32, ElementType.Float32),
        (ElementType.Float16, ElementType.Float32, ElementType.Float32, ElementType.Float32),
    ];

    [Test]
    public void GiveTheBitsOfSimd(
        [ValueSource(nameof(_types))] (ElementType Gradient, ElementType State, ElementType Work, ElementType Compute) types,
        [Values(1, 5, 4096, 5003)] int columns,
        [Values(false, true)] bool nesterov) => Verify(types, count: 3, columns, new MuonMomentumRule(0.95, nesterov), positive: false);

    /// <summary>More chunks than there are strands to deal them out to.</summary>
    [Test]
    public void GiveTheBitsOfSimdOfLargeMatrices([ValueSource(nameof(_types))] (ElementType Gradient, ElementType State, ElementType Work, ElementType Compute) types) =>
        Verify(types, count: 1, columns: 300 * 4096 + 40, new MuonMomentumRule(0.95, nesterov: false), positive: false);

    /// <summary>The norm of nothing divides as epsilon.</summary>
    [Test]
    public void ZerosStayZeros() => Verify((ElementType.Float32, ElementType.Float32, ElementType.BFloat16, ElementType.Float32), 2, 1000, new MuonMomentumRule(0.95, true), positive: true);

    /// <summary>Gradient read, momentum read and written, direction written; then the direction read and written; and little more for tables and sums.</summary>
    [TestCase(ElementType.Float32, ElementType.Float32, ElementType.BFloat16, 14, 4)]
    [TestCase(ElementType.Float32, ElementType.Float32, ElementType.Float32, 16, 8)]
    [TestCase(ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16, 8, 4)]
    public void MoveTheBytesOfTheFloor(ElementType gradient, ElementType state, ElementType work, int direction, int normalize)
    {
        const int Length = 32 * NormOrder.ChunkLength;
        var counters = Verify((gradient, state, work, state), 1, Length, new MuonMomentumRule(0.95, true), positive: false);
        Assert.That((double)counters.MomentumBytes / Length / direction, Is.InRange(1.0, 1.02));
        Assert.That((double)counters.NormalizeBytes / Length / normalize, Is.InRange(1.0, 1.02));
    }

    private static Counters Verify((ElementType Gradient, ElementType State, ElementType Work, ElementType Compute) types, int count, int columns, MuonMomentumRule rule, bool positive)
    {
        using var device = new SimdDevice();
        var random = new Random(columns);
        DeviceBuffer Numbers(ElementType type) => type switch
        {
            ElementType.Float32 => device.CreateBuffer<float>([.. Draw().Select(value => value)]),
            ElementType.BFloat16 => device.CreateBuffer<BFloat16>([.. Draw().Select(value => (BFloat16)value)]),
            _ => device.CreateBuffer<Half>([.. Draw().Select(value => (Half)value)]),
        };
        IEnumerable<float> Draw() => Enumerable.Range(0, columns).Select(_ => positive ? 0 : random.NextSingle() * 2 - 1);

        DeviceBuffer[] gradients = [.. Enumerable.Range(0, count).Select(_ => Numbers(types.Gradient))], momenta = [.. Enumerable.Range(0, count).Select(_ => Numbers(types.State))];
        byte[] input = [.. gradients.Zip(momenta, (gradient, momentum) => (byte[])[.. Bytes(gradient), .. Bytes(momentum)]).SelectMany(bytes => bytes)];
        const double Scale = 1.125, Epsilon = 1e-7;

        var folder = Directory.CreateTempSubdirectory("gpuoptim-ptx-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            File.WriteAllBytes(At("input"), input);
            File.WriteAllText(At("job.json"), JsonSerializer.Serialize(new
            {
                momentumPtx = new CommittedKernel($"MuonMomentumRule.Momentum.{types.Work}.{types.Gradient}.{types.State}{(types.Compute == types.State ? "" : $".In{types.Compute}")}").Path,
                normalizePtx = new CommittedKernel($"Normalize.{types.Work}").Path,
                input = At("input"),
                output = At("output"),
                count,
                length = columns,
                gradientSize = types.Gradient.Size(),
                stateSize = types.State.Size(),
                workSize = types.Work.Size(),
                chunkLength = NormOrder.ChunkLength,
                groupSize = 256,
                groups = Groups,
                rule = Convert.ToHexString(MemoryMarshal.AsBytes<MuonMomentumRule>([rule])),
                scale = Scale,
                epsilon = (float)Epsilon,
            }));
            var counters = JsonSerializer.Deserialize<Counters>(Simulator.Run("simulate_momentum.py", At("job.json")), JsonSerializerOptions.Web)!;
            Assert.That((counters.Races, counters.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', counters.Warnings));

            Assert.That(counters.IsSameApart, "quotients with zeros between rows");

            // Without a step of Newton-Schulz, what comes out is what would go in; parameters are of the gradients' type.
            DeviceBuffer[] parameters = [.. gradients.Select(gradient => device.CreateBuffer(gradient.ElementType, columns))];
            using var batch = device.CreateMatrixUpdateBatch(
                types.Gradient, types.State, types.Work, 1, columns, [.. parameters.Zip(momenta, (parameter, momentum) => new UpdateSegment(parameter.Address, momentum.Address, 0, 0, columns))]);
            batch.ComputeType = types.Compute;
            for (var i = 0; i < count; i++)
                batch.Gradients[i] = gradients[i].Address;
            device.UpdateMatrices<MuonMomentumRule, CopyRule>([rule], [default], new([], Scale, Epsilon), [batch]);

            ReadOnlySpan<byte> output = File.ReadAllBytes(At("output"));
            for (var i = 0; i < count; i++)
            {
                Assert.That(Converted(output[(i * columns * types.Work.Size())..][..(columns * types.Work.Size())], types.Work, types.Gradient), Is.EqualTo(Bytes(parameters[i])), $"direction {i}");
                Assert.That(output[^((count - i) * columns * types.State.Size())..][..(columns * types.State.Size())].ToArray(), Is.EqualTo(Bytes(momenta[i])), $"momentum {i}");
            }
            return counters;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Converted(ReadOnlySpan<byte> numbers, ElementType from, ElementType to)
    {
        float[] floats = from == ElementType.Float32 ? MemoryMarshal.Cast<byte, float>(numbers).ToArray() : [.. MemoryMarshal.Cast<byte, BFloat16>(numbers).ToArray().Select(value => (float)value)];
        return to switch
        {
            ElementType.Float32 => MemoryMarshal.AsBytes<float>(floats).ToArray(),
            ElementType.BFloat16 => MemoryMarshal.AsBytes<BFloat16>([.. floats.Select(value => (BFloat16)value)]).ToArray(),
            _ => MemoryMarshal.AsBytes<Half>([.. floats.Select(value => (Half)value)]).ToArray(),
        };
    }

    private static byte[] Bytes(DeviceBuffer buffer)
    {
        var bytes = new byte[buffer.SizeInBytes];
        buffer.CopyBytesTo(bytes);
        return bytes;
    }

    private sealed record Counters(long MomentumBytes, long NormalizeBytes, bool IsSameApart, int Races, string[] Warnings);
}
