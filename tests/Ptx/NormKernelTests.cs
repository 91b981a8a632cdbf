using System.Text.Json;
using System.Text.Json.Serialization;
using GpuOptim.Host;
using GpuOptim.Host.Simd;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;

namespace GpuOptim.Tests.Ptx;

/// <summary>
/// The kernels that take the norm of gradients and decide what is done to them, executed on the CPU from their committed PTX: norm, factors and loss scale of
/// the <see cref="SimdDevice"/>, bit for bit.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class NormKernelTests
{
    private static readonly LossScaling _scaling = new(2, 0.5, 3);
    private static readonly JsonSerializerOptions _json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    [Test]
    public void GiveTheBitsOfSimd([Values("OneNorm", "TwoNorm", "MaxNorm")] string norm, [Values] ElementType type, [Values(0.5f, 1e9f)] float maxNorm)
    {
        var (actual, expected, _) = Run(norm, type, [1, 5, 4096, 5003, 130], maxNorm, default);
        Assert.That(actual.Norm, Is.EqualTo(BitConverter.DoubleToInt64Bits(expected.Norm)));
        Assert.That((actual.InverseScale, actual.ClipCoefficient, actual.FoundInf), Is.EqualTo((Bits(1), Bits(expected.ClipCoefficient), 0)));
        Assert.That(actual.Completed, Is.EqualTo(Enumerable.Repeat<int[]>([Bits(1), Bits(expected.ClipCoefficient)], 3).SelectMany(pair => pair)));
        Assert.That(actual.Rest, Is.Zero, "the rest of a rule");
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
        Assert.That((actual.InverseScale, actual.ClipCoefficient, actual.FoundInf, actual.Bit), Is.EqualTo((Bits(expected.InverseScale), Bits(expected.ClipCoefficient), 0, 2)));
        Assert.That((actual.Scale, actual.GrowthTracker, actual.FoundInfs, actual.SkippedSteps), Is.EqualTo((after.Scale, after.GrowthTracker, after.FoundInfs, 0)));
        Assert.That(after.FoundInfs, Is.EqualTo(FoundInfs & ~4ul), "the step's own bit is that of a step long ago");
        Assert.That(actual.Completed, Is.EqualTo(Enumerable.Repeat<int[]>([Bits(expected.InverseScale), Bits(expected.ClipCoefficient)], 3).SelectMany(pair => pair)));
        Assert.That(actual.Indices, Is.All.EqualTo(2), "two of the pending steps were skipped");
        Assert.That(actual.Gradients, Is.EqualTo(2));
    }

    [Test]
    public void SkipAStepWithAGradientThatIsNotFinite([Values("OneNorm", "TwoNorm", "MaxNorm")] string norm, [Values(float.NaN, float.NegativeInfinity)] float bad)
    {
        var (actual, expected, after) = Run(norm, ElementType.Float32, [100, 4100], float.PositiveInfinity, new() { Scale = 96, GrowthTracker = 2 }, bad: bad);
        Assert.That((expected.FoundInf, actual.FoundInf, actual.InverseScale), Is.EqualTo((1, 1, Bits(expected.InverseScale))));
        Assert.That((actual.Scale, actual.GrowthTracker, actual.FoundInfs, actual.SkippedSteps), Is.EqualTo((48f, 0, 4ul, 1)));
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
        byte[] bytes =
        [
            .. gradients.SelectMany(gradient =>
            {
                var numbers = new byte[gradient.SizeInBytes];
                gradient.CopyBytesTo(numbers);
                return numbers;
            }),
        ];
        const int Bit = 2;
        var actual = Simulate(norm, type, lengths, bytes, maxNorm, scale, pending, Bit);
        Assert.That((actual.Races, actual.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', actual.Warnings));

        using var gradientNorm = new SimdGradientNorm(device.Workers);
        var order = norm switch { "OneNorm" => 1, "TwoNorm" => 2, _ => double.PositiveInfinity };
        var expected = gradientNorm.Take([batch], new(order, maxNorm, scale.Scale == 0 ? 0 : (nint)(&scale), _scaling, Bit, IsReported: false))!.Value;
        return (actual, expected, scale);
    }

    private static Result Simulate(string norm, ElementType type, int[] lengths, byte[] numbers, float maxNorm, LossScale scale, ulong pending, int bit)
    {
        var folder = Directory.CreateTempSubdirectory("gpuoptim-ptx-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            File.WriteAllBytes(At("input"), numbers);
            File.WriteAllText(At("job.json"), JsonSerializer.Serialize(
                new
                {
                    normPtx = new CommittedKernel($"{norm}.{type}").Path,
                    scalePtx = new CommittedKernel($"{norm}.Scale").Path,
                    completePtx = new CommittedKernel("CompleteStep").Path,
                    input = At("input"),
                    lengths,
                    misalignments = lengths.Select((_, i) => i == 3 ? 4 : 0),
                    elementSize = type.Size(),
                    chunkLength = NormOrder.ChunkLength,
                    ruleSize = 36,
                    maxNorm,
                    scale = scale.Scale,
                    growthTracker = scale.GrowthTracker,
                    skips = scale.FoundInfs,
                    growthInterval = _scaling.GrowthInterval,
                    pending,
                    bit,
                },
                _json));
            return JsonSerializer.Deserialize<Result>(Simulator.Run("simulate_norm.py", At("job.json")), JsonSerializerOptions.Web)!;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed record Result(
        long Norm,
        int InverseScale,
        int ClipCoefficient,
        int FoundInf,
        int Bit,
        float Scale,
        int GrowthTracker,
        ulong FoundInfs,
        long SkippedSteps,
        int[] Completed,
        int Rest,
        int[] Indices,
        int Gradients,
        long NormBytes,
        int Races,
        string[] Warnings);
}
