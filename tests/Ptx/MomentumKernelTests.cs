using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

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
        (ElementType.Float32, ElementType.Float32, ElementType.Float16, ElementType.Float32),
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
    [TestCase(ElementType.Float32, ElementType.Float32, ElementType.Float16, 16, 6)]
    public void MoveTheBytesOfTheFloor(ElementType gradient, ElementType state, ElementType work, int direction, int normalize)
    {
        const int Length = 32 * NormOrder.ChunkLength;
        var (momentumBytes, normalizeBytes) = Verify((gradient, state, work, state), 1, Length, new MuonMomentumRule(0.95, true), positive: false);
        Assert.That((double)momentumBytes / Length / direction, Is.InRange(1.0, 1.02));
        Assert.That((double)normalizeBytes / Length / normalize, Is.InRange(1.0, 1.02));
    }

    private static (long MomentumBytes, long NormalizeBytes) Verify((ElementType Gradient, ElementType State, ElementType Work, ElementType Compute) types, int count, int columns, MuonMomentumRule rule, bool positive)
    {
        using var device = new SimdDevice();
        var random = new Random(columns);
        var raw = RawOf(types.Work);
        DeviceBuffer Numbers(ElementType type) => type switch
        {
            ElementType.Float32 => device.CreateBuffer<float>([.. Draw().Select(value => value)]),
            ElementType.BFloat16 => device.CreateBuffer<BFloat16>([.. Draw().Select(value => (BFloat16)value)]),
            _ => device.CreateBuffer<Half>([.. Draw().Select(value => (Half)value)]),
        };
        IEnumerable<float> Draw() => Enumerable.Range(0, columns).Select(_ => positive ? 0 : random.NextSingle() * 2 - 1);

        DeviceBuffer[] gradients = [.. Enumerable.Range(0, count).Select(_ => Numbers(types.Gradient))], momenta = [.. Enumerable.Range(0, count).Select(_ => Numbers(types.State))];
        using var card = new Card();
        DeviceArray<byte>[] placedGradients = [.. gradients.Select(gradient => card.Allocate(Bytes(gradient)))], placedMomenta = [.. momenta.Select(momentum => card.Allocate(Bytes(momentum)))];
        var directions = card.Zeros<byte>(count * columns * raw.Size());
        var sums = card.Poisoned<double>(count * ((columns + NormOrder.ChunkLength - 1) / NormOrder.ChunkLength));
        var direct = RunMomentum(card, types, columns, rule, placedGradients, placedMomenta, directions, sums);

        const double Scale = 1.125, Epsilon = 1e-7;
        var matrices = new MatrixBatch((nint)directions.Address, raw, count, 1, columns);
        Statistics Divide(MatrixBatch source, MatrixBatch result)
        {
            var groups = (int)Math.Min(sums.Length / count, Groups);
            return card.Launch(
                new CommittedKernel($"Normalize.{types.Work}").Text, groups * count, 256, [Card.BytesOf(new GpuDivision(source, result)), groups, sums, Scale, (float)Epsilon], Checked);
        }

        // The matrices taken as several rows, to where rows have others behind them; then in place, if they stay of a type.
        var rows = ((int[])[7, 5, 3, 2, 1]).First(rows => columns % rows == 0);
        var wide = matrices with { Rows = rows, Columns = columns / rows };
        var stride = wide.Columns + 3;
        var apart = card.Zeros<byte>(count * rows * stride * types.Work.Size());
        Expect.Clean(Divide(wide, wide with { Address = (nint)apart.Address, Stride = stride }));
        var divided = raw == types.Work ? directions : card.Zeros<byte>(count * columns * types.Work.Size());
        var normalize = Divide(matrices, matrices with { Address = (nint)divided.Address });
        Expect.Clean(direct);
        Expect.Clean(normalize);

        var quotients = divided.Read();
        var row = wide.Columns * types.Work.Size();
        Assert.That(apart.Read(), Is.EqualTo(quotients.Chunk(row).SelectMany(numbers => (byte[])[.. numbers, .. new byte[3 * types.Work.Size()]])), "quotients with zeros between rows");

        // Without a step of Newton-Schulz, what comes out is what would go in; parameters are of the gradients' type.
        DeviceBuffer[] parameters = [.. gradients.Select(gradient => device.CreateBuffer(gradient.ElementType, columns))];
        var orthogonalization = new NewtonSchulzOptions { Precision = Enum.Parse<NewtonSchulzPrecision>($"{types.Work}") };
        using var batch = device.CreateMatrixUpdateBatch(
            new(types.Gradient, types.Gradient, types.State, types.Compute), orthogonalization, 1, columns, [.. parameters.Zip(momenta, (parameter, momentum) => new UpdateSegment(parameter.Address, momentum.Address, 0, 0, columns))]);
        for (var i = 0; i < count; i++)
            batch.Gradients[i] = gradients[i].Address;
        device.UpdateMatrices<MuonMomentumRule, CopyRule>([rule], [], [default], [], new([], Scale, Epsilon, []), [batch]);

        for (var i = 0; i < count; i++)
        {
            var length = columns * types.Work.Size();
            Assert.That(Converted(quotients.AsSpan(i * length, length), types.Work, types.Gradient), Is.EqualTo(Bytes(parameters[i])), $"direction {i}");
            Assert.That(placedMomenta[i].Read(), Is.EqualTo(Bytes(momenta[i])), $"momentum {i}");
        }
        return (DistinctBytes(direct), DistinctBytes(normalize));
    }

    /// <summary>The kernel that makes directions of gradients and momenta, and sums their squares.</summary>
    private static Statistics RunMomentum(
        Card card,
        (ElementType Gradient, ElementType State, ElementType Work, ElementType Compute) types,
        int length,
        MuonMomentumRule rule,
        DeviceArray<byte>[] gradients,
        DeviceArray<byte>[] momenta,
        DeviceArray<byte> directions,
        DeviceArray<double> sums)
    {
        GpuSegment[] segments =
        [
            .. momenta.Select((momentum, i) => new GpuSegment { Parameter = (long)directions.Address + i * length * RawOf(types.Work).Size(), State0 = (long)momentum.Address, Length = length }),
        ];
        var chunksEach = (int)sums.Length / momenta.Length;
        GpuChunk[] chunks = [.. Enumerable.Range(0, (int)sums.Length).Select(i => new GpuChunk { Segment = i / chunksEach, Index = i % chunksEach })];
        return card.Launch(
            new CommittedKernel($"MuonMomentumRule.Momentum.{RawOf(types.Work)}.{types.Gradient}.{types.State}{(types.Compute == types.State ? "" : $".In{types.Compute}")}").Text,
            chunks.Length,
            256,
            [
                card.Allocate(chunks),
                card.Allocate(segments),
                card.Allocate(gradients.Select(gradient => gradient.Address).ToArray()),
                card.Zeros<int>(gradients.Length),
                card.Allocate([rule]),
                sums,
            ],
            Checked);
    }

    private static ElementType RawOf(ElementType work) => work == ElementType.Float16 ? ElementType.Float32 : work;

    private static LaunchRequest Checked(LaunchRequest request) => request with { ChecksRaces = true };

    private static long DistinctBytes(Statistics statistics) => 32 * (statistics.DistinctLoadSectors + statistics.DistinctStoreSectors);

    private static byte[] Converted(ReadOnlySpan<byte> numbers, ElementType from, ElementType to)
    {
        float[] floats = from switch
        {
            ElementType.Float32 => MemoryMarshal.Cast<byte, float>(numbers).ToArray(),
            ElementType.BFloat16 => [.. MemoryMarshal.Cast<byte, BFloat16>(numbers).ToArray().Select(value => (float)value)],
            _ => [.. MemoryMarshal.Cast<byte, Half>(numbers).ToArray().Select(value => (float)value)],
        };
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
}
