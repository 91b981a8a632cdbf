using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>
/// The CUDA kernels of the fused update, executed on the CPU from their committed PTX: the bits of the <see cref="SimdDevice"/>, the bytes of
/// the floor. No GPU and no ILGPU is needed.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class UpdateKernelTests
{
    private const int ChunkLength = 4096, GroupSize = 256;

    private static readonly (ElementType Element, ElementType State, ElementType Compute)[] _types =
    [
        (ElementType.Float32, ElementType.Float32, ElementType.Float32),
        (ElementType.BFloat16, ElementType.BFloat16, ElementType.BFloat16),
        (ElementType.BFloat16, ElementType.BFloat16, ElementType.Float32),
        (ElementType.BFloat16, ElementType.Float32, ElementType.Float32),
        (ElementType.Float16, ElementType.Float16, ElementType.Float16),
        (ElementType.Float16, ElementType.Float16, ElementType.Float32),
        (ElementType.Float16, ElementType.Float32, ElementType.Float32),
    ];

    private const double AverageWeight = 0.3;

    private static readonly float[] _specials = [0, -0f, 1e-40f, -3e-5f, 65504, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];

    private static readonly Tensor[] _tensors =
        [new(1, 0), new(3, 0), new(4, 0), new(257, 0), new(4096, 0), new(5001, 0, Rule: 1), new(130, 4), new(1025, 8, Rule: 1), new(64, 0, HasGradient: false), new(4099, 0, HasAverage: true), new(61, 4, HasGradient: false, HasAverage: true)];

    /// <summary>Odd ends, misaligned tensors, a missing gradient, two rules in one launch, states not in use, special values.</summary>
    [Test]
    public void GivesTheBitsOfSimd(
        [Values("sgd", "momentum, first", "momentum", "nesterov, decay, maximize", "rmsprop", "rmsprop, centered, momentum", "adam", "adamw", "amsgrad, maximize", "adamw, unscaled, clipped")] string variant,
        [ValueSource(nameof(_types))] (ElementType Element, ElementType State, ElementType Compute) types)
    {
        var tensors = _tensors;
        switch (variant)
        {
            case "sgd": Verify(types, tensors, 0, Sgd(0.1), new SgdRule(0.01, 0, 0, 0.1, WeightDecayMode.Cautious, false, false, false)); break;
            case "momentum, first": Verify(types, tensors, 1, Sgd(0.1, momentum: 0.9, isFirst: true), Sgd(0.01, momentum: 0.5)); break;
            case "momentum": Verify(types, tensors, 1, Sgd(0.1, momentum: 0.9), Sgd(0.01, momentum: 0.9)); break;
            case "nesterov, decay, maximize": Verify(types, tensors, 1, Sgd(0.1, momentum: 0.9, decay: 0.01, nesterov: true, maximize: true), Sgd(0.01)); break;
            case "rmsprop": Verify(types, tensors, 1, new RmsPropRule(0.01, 0.99, 1e-8, 0, default, 0, false, false), new RmsPropRule(0.1, 0.9, 1e-6, 0.01, WeightDecayMode.L2, 0, false, true)); break;
            case "rmsprop, centered, momentum": Verify(types, tensors, 3, new RmsPropRule(0.01, 0.99, 1e-8, 0, default, 0.9, true, false), new RmsPropRule(0.1, 0.9, 1e-6, 0.01, WeightDecayMode.Cautious, 0.9, true, true)); break;
            case "adam": Verify(types, tensors, 2, Adam(1), Adam(7, decay: 0.1)); break;
            case "adamw": Verify(types, tensors, 2, Adam(1, decay: 0.1, mode: WeightDecayMode.Decoupled), Adam(1000, decay: 0.01, mode: WeightDecayMode.Decoupled)); break;
            case "adamw, unscaled, clipped":
                Verify(types, tensors, 2, Transformed(new(1f / 96, 0.3f, float.PositiveInfinity), Adam(3, decay: 0.1, mode: WeightDecayMode.Decoupled)), Transformed(new(0.25f, 1, 0.2f), Adam(9, decay: 0.2, mode: WeightDecayMode.Cautious, amsgrad: true)));
                break;
            default: Verify(types, tensors, 3, Adam(2, amsgrad: true, maximize: true), Adam(3, decay: 0.1, amsgrad: true)); break;
        }
    }

    /// <summary>The same for Adam on bfloat16 alone, from another text.</summary>
    internal static void AdamGivesTheBitsOfSimd(string ptx) => Verify(_types[1], _tensors, 3, [Adam(2, amsgrad: true, maximize: true), Adam(3, decay: 0.1, amsgrad: true)], ptx);

    /// <summary>
    /// Parameter and state read and written, gradient read: what the launch touches of memory, in sectors of 32 bytes, is that and a little for
    /// the table. And every access to a tensor touches as few sectors as its bytes fill: each warp adds only its look at the table.
    /// </summary>
    [TestCase("SgdRule", 0, ElementType.Float32, ElementType.Float32, 12)]
    [TestCase("SgdRule", 1, ElementType.Float32, ElementType.Float32, 20)]
    [TestCase("RmsPropRule", 1, ElementType.Float32, ElementType.Float32, 20)]
    [TestCase("AdamRule", 2, ElementType.Float32, ElementType.Float32, 28)]
    [TestCase("Transformed.AdamRule", 2, ElementType.Float32, ElementType.Float32, 28)]
    [TestCase("SgdRule", 0, ElementType.BFloat16, ElementType.Float32, 6)]
    [TestCase("SgdRule", 1, ElementType.BFloat16, ElementType.Float32, 14)]
    [TestCase("AdamRule", 2, ElementType.BFloat16, ElementType.Float32, 22)]
    [TestCase("AdamRule", 2, ElementType.BFloat16, ElementType.BFloat16, 14)]
    public void MovesTheBytesOfTheFloor(string rule, int states, ElementType element, ElementType state, int floor)
    {
        const int Length = 64 * ChunkLength;
        var counters = rule switch
        {
            "SgdRule" => Verify((element, state, state), [new(Length, 0)], states, Sgd(0.1, momentum: states * 0.9)),
            "RmsPropRule" => Verify((element, state, state), [new(Length, 0)], states, new RmsPropRule(0.01, 0.99, 1e-8, 0, default, 0, false, false)),
            "AdamRule" => Verify((element, state, state), [new(Length, 0)], states, Adam(1, decay: 0.1, mode: WeightDecayMode.Decoupled)),
            _ => Verify((element, state, state), [new(Length, 0)], states, Transformed(new(1f / 96, 0.3f, 0.2f), Adam(1, decay: 0.1, mode: WeightDecayMode.Decoupled))),
        };
        const int SectorBytes = 32, Warps = Length / ChunkLength * GroupSize / 32, TableSectors = 23;
        Assert.That((double)SectorBytes * (counters.DistinctLoadSectors + counters.DistinctStoreSectors) / Length / floor, Is.InRange(1.0, 1.02));
        Assert.That(counters.GlobalLoadSectors + counters.GlobalStoreSectors, Is.InRange((long)floor * Length / SectorBytes, (long)floor * Length / SectorBytes + TableSectors * Warps));
    }

    /// <summary>An average costs what is read and written of it: 8 bytes of a float, where a pass of its own reads the parameter, too.</summary>
    [TestCase(ElementType.Float32, 28 + 8)]
    [TestCase(ElementType.BFloat16, 22 + 4)]
    public void MovesTheBytesOfAnAverage(ElementType element, int floor)
    {
        const int Length = 64 * ChunkLength;
        var counters = Verify((element, ElementType.Float32, ElementType.Float32), [new(Length, 0, HasAverage: true)], 2, Adam(1, decay: 0.1, mode: WeightDecayMode.Decoupled));
        Assert.That(32.0 * (counters.DistinctLoadSectors + counters.DistinctStoreSectors) / Length / floor, Is.InRange(1.0, 1.02));
    }

    /// <summary>Where tensors are aligned, a thread takes 16 bytes of each at once, or 8 of a 16-bit one beside one of floats: as many elements.</summary>
    [Test]
    public void ReachesWholePiecesAtOnce([ValueSource(typeof(CommittedKernel), nameof(CommittedKernel.Updates))] CommittedKernel kernel)
    {
        // Rule and types of parameters, gradients and state; the gradient is not written, a direction not read, and has no average.
        var isDirection = kernel.Name.Contains(".Momentum.", StringComparison.Ordinal);
        var name = kernel.Name.Replace(".Momentum", "", StringComparison.Ordinal).Replace("Transformed.", "", StringComparison.Ordinal).Split('.');
        var states = name[0] switch
        {
            "MuonUpdateRule" or "CopyRule" or "AverageRule" or "AccumulateRule" or "SgdRule-NoDecay" => 0,
            "SgdRule" or "SgdRule-NoDecay-Momentum" or "RmsPropRule-NoDecay" or "MuonMomentumRule" or "SwapRule" => 1,
            "AdamRule-NoDecay" or "AdamRule-FactorDecay" => 2,
            _ => 3,
        };
        string[] others = [.. Enumerable.Repeat(name[3], states)];
        string[] written = isDirection ? [name[1], .. others] : [name[1], name[1], .. others];
        string[] read = isDirection ? [name[2], .. others] : [name[1], name[1], name[2], .. others];
        var hasRegisters = states < 3 && !kernel.Name.StartsWith("Transformed.", StringComparison.Ordinal);
        var wide = !isDirection && hasRegisters && name[1..4].All(type => type != "Float32") ? "v4" : "v2";
        Assert.That(kernel.Count("st.global.v4.f32"), Is.EqualTo(written.Count(type => type == "Float32")));
        Assert.That(kernel.Count($"st.global.{wide}.b32"), Is.EqualTo(written.Count(type => type != "Float32")));
        var ruleQuads = name[0] == "RmsPropRule" && !kernel.Name.StartsWith("Transformed.", StringComparison.Ordinal) ? 1 : 0;
        Assert.That(kernel.Count("ld.global.v4.f32"), Is.EqualTo(read.Count(type => type == "Float32") + ruleQuads), "with four of the rule's constants");
        Assert.That(kernel.Count($"ld.global.{wide}.b32"), Is.EqualTo(read.Count(type => type != "Float32") + (wide == "v2" ? 1 : 0)), "with the chunk");
    }

    private static SgdRule Sgd(double learningRate, double momentum = 0, double decay = 0, bool isFirst = false, bool nesterov = false, bool maximize = false) =>
        new(learningRate, momentum, 0, decay, WeightDecayMode.L2, nesterov, maximize, isFirst);

    private static AdamRule Adam(long step, double decay = 0, WeightDecayMode mode = WeightDecayMode.L2, bool amsgrad = false, bool maximize = false) =>
        new(step, 0.01, 0.9, 0.999, 1e-8, decay, mode, amsgrad, maximize);

    private static TransformedRule<AdamRule> Transformed(GradientTransform change, AdamRule rule) => new(change, rule);

    private static Statistics Verify<TRule>((ElementType Element, ElementType State, ElementType Compute) types, Tensor[] tensors, int states, params TRule[] rules) where TRule : unmanaged, IUpdateRule =>
        Verify(types, tensors, states, rules, new CommittedKernel($"{GpuKernel.NameOf(RuleVariants.TypeOf<TRule>(rules))}.{types.Element}.{types.Element}.{types.State}{(types.Compute == types.State ? "" : $".In{types.Compute}")}").Text);

    private static Statistics Verify<TRule>((ElementType Element, ElementType State, ElementType Compute) types, Tensor[] tensors, int states, TRule[] rules, string ptx) where TRule : unmanaged, IUpdateRule
    {
        using var device = new SimdDevice();
        var random = new Random(1);
        var memory = tensors.Select(tensor => Enumerable.Range(0, 2 + states + (tensor.HasAverage ? 1 : 0))
            .Select(part => Numbers(device, random, part < 2 || part == 2 + states ? types.Element : types.State, tensor.Length, positive: part >= 2))
            .ToArray()).ToArray();
        using var card = new Card();
        var placed = memory.Select((parts, i) => parts.Select(part => card.Allocate(Bytes(part), tensors[i].Misalignment)).ToArray()).ToArray();
        var average = new AverageRule(AverageWeight, isFirst: false);
        var statistics = Run(card, tensors, placed, states, rules, average, ptx);

        using var batch = device.CreateUpdateBatch(types.Element, types.State, [.. memory.Zip(tensors, (parts, tensor) => new UpdateSegment(parts[0].Address, State(parts, 0), State(parts, 1), State(parts, 2), tensor.Length) { Average = tensor.HasAverage ? parts[^1].Address : 0 })]);
        (batch.Average, batch.ComputeType) = (average, types.Compute);
        for (var i = 0; i < tensors.Length; i++)
            (batch.Gradients[i], batch.Rules[i]) = (tensors[i].HasGradient ? memory[i][1].Address : 0, tensors[i].Rule);
        device.Update<TRule>(rules, batch);

        nint State(DeviceBuffer[] parts, int state) => state < states ? parts[2 + state].Address : 0;

        for (var i = 0; i < memory.Length; i++)
        {
            for (var part = 0; part < memory[i].Length; part++)
            {
                if (part != 1)
                    AssertSame(placed[i][part].Read(), memory[i][part], $"tensor {i}, part {part}");
            }
        }
        Expect.Clean(statistics);
        return statistics;
    }

    /// <summary>Runs the kernel over parameters, gradients, states and averages that lie in the card's memory.</summary>
    private static Statistics Run<TRule>(Card card, Tensor[] tensors, DeviceArray<byte>[][] memory, int states, TRule[] rules, AverageRule average, string ptx) where TRule : unmanaged
    {
        GpuChunk[] chunks =
        [
            .. tensors.SelectMany((tensor, segment) => Enumerable.Range(0, (tensor.Length + ChunkLength - 1) / ChunkLength).Select(index => new GpuChunk { Segment = segment, Index = index })),
        ];
        GpuSegment[] segments =
        [
            .. tensors.Zip(memory, (tensor, parts) => new GpuSegment
            {
                Parameter = (long)parts[0].Address,
                State0 = State(parts, 0),
                State1 = State(parts, 1),
                State2 = State(parts, 2),
                Average = tensor.HasAverage ? (long)parts[^1].Address : 0,
                Length = tensor.Length,
            }),
        ];
        return card.Launch(
            ptx,
            chunks.Length,
            GroupSize,
            [
                card.Allocate(chunks),
                card.Allocate(segments),
                card.Allocate(tensors.Zip(memory, (tensor, parts) => tensor.HasGradient ? parts[1].Address : 0).ToArray()),
                card.Allocate(tensors.Select(tensor => tensor.Rule).ToArray()),
                card.Allocate(rules),
                card.Allocate([average]),
            ],
            request => request with { ChecksRaces = true });

        long State(DeviceArray<byte>[] parts, int state) => state < states ? (long)parts[2 + state].Address : 0;
    }

    private static void AssertSame(ReadOnlySpan<byte> actual, DeviceBuffer buffer, string what)
    {
        ReadOnlySpan<byte> expected = Bytes(buffer);
        switch (buffer.ElementType)
        {
            case ElementType.Float32: Support.Bits.AreEqual(MemoryMarshal.Cast<byte, float>(actual), MemoryMarshal.Cast<byte, float>(expected), what); break;
            case ElementType.BFloat16: Support.Bits.AreEqual(MemoryMarshal.Cast<byte, BFloat16>(actual), MemoryMarshal.Cast<byte, BFloat16>(expected), what); break;
            default: Support.Bits.AreEqual(MemoryMarshal.Cast<byte, Half>(actual), MemoryMarshal.Cast<byte, Half>(expected), what); break;
        }
    }

    private static byte[] Bytes(DeviceBuffer buffer)
    {
        var bytes = new byte[buffer.SizeInBytes];
        buffer.CopyBytesTo(bytes);
        return bytes;
    }

    private static DeviceBuffer Numbers(SimdDevice device, Random random, ElementType type, int length, bool positive)
    {
        float[] numbers = [.. Enumerable.Range(0, length).Select(i => i % 29 == 7 ? _specials[random.Next(_specials.Length)] : random.NextSingle() * 2 - 1).Select(value => positive ? MathF.Abs(value) : value)];
        return type switch
        {
            ElementType.Float32 => device.CreateBuffer<float>(numbers),
            ElementType.BFloat16 => device.CreateBuffer<BFloat16>([.. numbers.Select(value => (BFloat16)value)]),
            _ => device.CreateBuffer<Half>([.. numbers.Select(value => (Half)value)]),
        };
    }

    private sealed record Tensor(int Length, int Misalignment, int Rule = 0, bool HasGradient = true, bool HasAverage = false);
}
