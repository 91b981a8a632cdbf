using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Host.Simd;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>
/// The kernels that take the norm of gradients and decide what is done to them, executed on the CPU from their committed PTX: norm, factors and loss scale of
/// the <see cref="SimdDevice"/>, bit for bit.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class NormKernelTests
{
    private const int RuleSize = 36;

    private static readonly LossScaling _scaling = new(2, 0.5, 3);

    [Test]
    public void GiveTheBitsOfSimd([Values("OneNorm", "TwoNorm", "MaxNorm")] string norm, [Values(ElementType.Float32, ElementType.BFloat16, ElementType.Float16)] ElementType type, [Values(0.5f, 1e9f)] float maxNorm)
    {
        var (actual, expected, _) = Run(norm, type, [1, 5, 4096, 5003, 130], maxNorm, default);
        var check = actual.Check;
        Assert.That(BitConverter.DoubleToInt64Bits(check.Norm), Is.EqualTo(BitConverter.DoubleToInt64Bits(expected.Norm)));
        Assert.That((Bits(check.InverseScale), Bits(check.ClipCoefficient), check.FoundInf), Is.EqualTo((Bits(1), Bits(expected.ClipCoefficient), 0)));
        AssertCompleted(actual.Rules, 1, expected.ClipCoefficient);
        Assert.That(actual.Indices, Is.All.Zero);
        Assert.That(actual.Gradients, Is.EqualTo(5));
    }

    /// <summary>A loss scale that stays, one that grows, and one that would grow beyond what is finite.</summary>
    [TestCase(96f, 0)]
    [TestCase(96f, 2)]
    [TestCase(float.MaxValue, 2)]
    public void MoveTheLossScale(float scale, int tracker)
    {
        const ulong FoundInfs = 0b1010_1100, Pending = 0b1111_0000;
        var (actual, expected, after) = Run("TwoNorm", ElementType.Float32, [100, 4100], 0.5f, new() { Scale = scale, GrowthTracker = tracker, FoundInfs = FoundInfs, SkippedSteps = 0 }, Pending);
        var check = actual.Check;
        Assert.That((Bits(check.InverseScale), Bits(check.ClipCoefficient), check.FoundInf, check.Bit), Is.EqualTo((Bits(expected.InverseScale), Bits(expected.ClipCoefficient), 0, 2)));
        Assert.That((actual.Scale.Scale, actual.Scale.GrowthTracker, actual.Scale.FoundInfs, actual.Scale.SkippedSteps), Is.EqualTo((after.Scale, after.GrowthTracker, after.FoundInfs, 0)));
        Assert.That(after.FoundInfs, Is.EqualTo(FoundInfs & ~4ul), "the step's own bit is that of a step long ago");
        AssertCompleted(actual.Rules, expected.InverseScale, expected.ClipCoefficient);
        Assert.That(actual.Indices, Is.All.EqualTo(2), "two of the pending steps were skipped");
        Assert.That(actual.Gradients, Is.EqualTo(2));
    }

    [Test]
    public void SkipAStepWithAGradientThatIsNotFinite([Values("OneNorm", "TwoNorm", "MaxNorm")] string norm, [Values(float.NaN, float.NegativeInfinity)] float bad)
    {
        var (actual, expected, after) = Run(norm, ElementType.Float32, [100, 4100], float.PositiveInfinity, new() { Scale = 96, GrowthTracker = 2 }, bad: bad);
        Assert.That((expected.FoundInf, actual.Check.FoundInf, Bits(actual.Check.InverseScale)), Is.EqualTo((1, 1, Bits(expected.InverseScale))));
        Assert.That((actual.Scale.Scale, actual.Scale.GrowthTracker, actual.Scale.FoundInfs, actual.Scale.SkippedSteps), Is.EqualTo((48f, 0, 4ul, 1)));
        Assert.That((after.Scale, after.GrowthTracker, after.FoundInfs, after.SkippedSteps), Is.EqualTo((48f, 0, 4ul, 1)));
        Assert.That(actual.Gradients, Is.Zero);
    }

    /// <summary>Each gradient is read once, and little else is touched.</summary>
    [TestCase(ElementType.Float32, 4)]
    [TestCase(ElementType.BFloat16, 2)]
    public void MoveTheBytesOfTheFloor(ElementType type, int floor)
    {
        const int Length = 32 * NormOrder.ChunkLength;
        var (actual, _, _) = Run("TwoNorm", type, [Length], 1, default);
        Assert.That((double)actual.NormBytes / Length / floor, Is.InRange(1.0, 1.02));
    }

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);

    /// <summary>The same gradients measured by the simulated kernels and on the CPU.</summary>
    private static (Result Actual, GradientCheck Expected, LossScale After) Run(
        string norm, ElementType type, int[] lengths, float maxNorm, LossScale scale, ulong pending = 0, float bad = 0)
    {
        var random = new Random(3);
        using var device = new SimdDevice();
        DeviceBuffer[] gradients =
        [
            .. lengths.Select(length =>
            {
                float[] numbers = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
                numbers[length / 2] += bad;
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
        const int Bit = 2;
        var actual = Simulate(norm, type, gradients, maxNorm, scale, pending, Bit);

        using var gradientNorm = new SimdGradientNorm(device.Workers);
        var order = norm switch { "OneNorm" => 1, "TwoNorm" => 2, _ => double.PositiveInfinity };
        var expected = gradientNorm.Take([batch], new(order, maxNorm, scale.Scale == 0 ? 0 : (nint)(&scale), _scaling, Bit, IsReported: false))!.Value;
        return (actual, expected, scale);
    }

    /// <summary>One kernel accumulates, one decides, and one completes three rules, of which it knows the first two numbers.</summary>
    private static Result Simulate(string norm, ElementType type, DeviceBuffer[] gradients, float maxNorm, LossScale scale, ulong pending, int bit)
    {
        using var card = new Card();
        // The last tensor has no gradient.
        ulong[] addresses = [.. gradients.Select((gradient, i) => card.Allocate(BytesOf(gradient), misalignment: i == 3 ? 4 : 0).Address), 0];
        GpuSegment[] segments = [.. gradients.Select(gradient => gradient.Length).Append(100).Select(length => new GpuSegment { Length = length })];
        GpuChunk[] chunks =
        [
            .. segments.SelectMany((segment, i) => Enumerable.Range(0, (int)((segment.Length + NormOrder.ChunkLength - 1) / NormOrder.ChunkLength)).Select(index => new GpuChunk { Segment = i, Index = index })),
        ];
        var (sums, rules, indices) = (card.Poisoned<double>(chunks.Length), card.Zeros<byte>(3 * RuleSize), card.Zeros<int>(addresses.Length));
        var (lossScale, check, table) = (card.Allocate([scale]), card.Zeros<GradientCheck>(1), card.Allocate(addresses));
        var steps = card.Allocate(Enumerable.Repeat(pending, addresses.Length).ToArray());
        Statistics Launch(string kernel, int groups, object[] arguments)
        {
            var statistics = card.Launch(new CommittedKernel(kernel).Text, groups, 256, arguments, request => request with { ChecksRaces = true });
            Expect.Clean(statistics);
            return statistics;
        }

        var accumulated = Launch($"{norm}.{type}", chunks.Length, [card.Allocate(chunks), card.Allocate(segments), table, sums]);
        var request = card.Allocate([new ScaleRequest { Scaling = _scaling, MaxNorm = maxNorm, IsScaled = scale.Scale == 0 ? 0 : 1, Bit = bit }]);
        Launch($"{norm}.Scale", 1, [sums, request, lossScale, check]);
        Launch("CompleteStep", 1, [rules.Address, RuleSize, 3, table, indices, steps.View(pending == 0 ? 0 : steps.Length), check]);
        return new(
            check.Read()[0],
            lossScale.Read()[0],
            rules.Read(),
            indices.Read(),
            table.Read().Count(address => address != 0),
            32 * (accumulated.DistinctLoadSectors + accumulated.DistinctStoreSectors));
    }

    private static void AssertCompleted(byte[] rules, float inverseScale, float clipCoefficient)
    {
        foreach (var rule in rules.Chunk(RuleSize))
        {
            Assert.That(MemoryMarshal.Cast<byte, int>(rule)[..2].ToArray(), Is.EqualTo([Bits(inverseScale), Bits(clipCoefficient)]));
            Assert.That(rule[8..], Is.All.Zero, "the rest of a rule");
        }
    }

    private static byte[] BytesOf(DeviceBuffer buffer)
    {
        var bytes = new byte[buffer.SizeInBytes];
        buffer.CopyBytesTo(bytes);
        return bytes;
    }

    private sealed record Result(GradientCheck Check, LossScale Scale, byte[] Rules, int[] Indices, int Gradients, long NormBytes);
}
