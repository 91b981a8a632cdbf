using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Tests.Kernels;

/// <summary>A loop that knows a rule's switches gives the bits of the loop that asks the rule, whatever the rule's settings.</summary>
public sealed unsafe class RuleVariantTests
{
    private const int Length = 37;

    private static readonly bool[] _both = [false, true];

    private static readonly WeightDecayMode?[] _decays = [null, WeightDecayMode.L2, WeightDecayMode.Decoupled, WeightDecayMode.Cautious, WeightDecayMode.Independent];

    [Test]
    public void SgdVariantsGiveTheBitsOfTheRule([ValueSource(nameof(_decays))] WeightDecayMode? decay, [Values] bool maximize)
    {
        foreach (var momentum in (double[])[0, 0.9])
            foreach (var nesterov in _both)
                foreach (var isFirst in _both)
                {
                    var rule = new SgdRule(0.1, momentum, 0, decay is null ? 0 : 0.2, decay ?? default, nesterov, maximize, isFirst);
                    AssertSame(rule, momentum == 0 ? 0 : 1);
                    AssertSame(new TransformedRule<SgdRule>(new(0.5f, 0.25f, 0.1f), rule), momentum == 0 ? 0 : 1);
                }
    }

    [Test]
    public void RmsPropVariantsGiveTheBitsOfTheRule([ValueSource(nameof(_decays))] WeightDecayMode? decay, [Values] bool maximize)
    {
        foreach (var momentum in (double[])[0, 0.9])
            foreach (var centered in _both)
            {
                var rule = new RmsPropRule(0.1, 0.99, 1e-8, decay is null ? 0 : 0.2, decay ?? default, momentum, centered, maximize);
                AssertSame(rule, 1, centered, momentum != 0);
                AssertSame(new TransformedRule<RmsPropRule>(new(0.5f, 0.25f, 0.1f), rule), 1, centered, momentum != 0);
            }
    }

    [Test]
    public void AdamVariantsGiveTheBitsOfTheRule([ValueSource(nameof(_decays))] WeightDecayMode? decay, [Values] bool maximize, [Values] bool amsgrad)
    {
        var rule = new AdamRule(3, 0.1, 0.9, 0.999, 1e-8, decay is null ? 0 : 0.2, decay ?? default, amsgrad, maximize);
        AssertSame(rule, 2, hasState2: amsgrad);
        AssertSame(new TransformedRule<AdamRule>(new(0.5f, 0.25f, 0.1f), rule), 2, hasState2: amsgrad);
    }

    [Test]
    public void MuonVariantsGiveTheBitsOfTheRule([ValueSource(nameof(_decays))] WeightDecayMode? decay)
    {
        if (decay != WeightDecayMode.L2)
            AssertSame(new MuonUpdateRule(0.1, decay is null ? 0 : 0.2, decay ?? default, 0.3), 0);
    }

    /// <summary>The settings that people use run in loops of their own; what is rare runs in the rule's.</summary>
    [Test]
    public void CommonSettingsHaveVariants()
    {
        Assert.That(TypeOf(new AdamRule(1, 0.1, 0.9, 0.999, 1e-8, 0.01, WeightDecayMode.Decoupled, false, false)), Is.EqualTo(typeof(RuleVariant<AdamRule, FactorDecay>)));
        Assert.That(TypeOf(new TransformedRule<AdamRule>(default, new AdamRule(1, 0.1, 0.9, 0.999, 1e-8, 0, default, false, false))), Is.EqualTo(typeof(TransformedRule<RuleVariant<AdamRule, NoDecay>>)));
        Assert.That(TypeOf(new AdamRule(1, 0.1, 0.9, 0.999, 1e-8, 0.01, WeightDecayMode.Decoupled, amsgrad: true, false)), Is.EqualTo(typeof(AdamRule)));
        Assert.That(TypeOf(new SgdRule(0.1, 0, 0, 0.1, WeightDecayMode.L2, false, false, isFirst: true)), Is.EqualTo(typeof(RuleVariant<SgdRule, L2Decay>)));
        Assert.That(TypeOf(new SgdRule(0.1, 0.9, 0, 0, default, false, false, isFirst: true)), Is.EqualTo(typeof(SgdRule)));
        Assert.That(TypeOf(new CopyRule()), Is.EqualTo(typeof(CopyRule)));
    }

    [Test]
    public void RulesOfDifferentVariantsShareTheGeneralLoop()
    {
        AdamRule adam = new(1, 0.1, 0.9, 0.999, 1e-8, 0, default, false, false), adamW = new(2, 0.1, 0.9, 0.999, 1e-8, 0.01, WeightDecayMode.Decoupled, false, false);
        Assert.That(TypeOf(adam, adam), Is.EqualTo(typeof(RuleVariant<AdamRule, NoDecay>)));
        Assert.That(TypeOf(adam, adamW), Is.EqualTo(typeof(AdamRule)));
        Assert.That(TypeOf<AdamRule>(), Is.EqualTo(typeof(AdamRule)));
    }

    private static Type TypeOf<TRule>(params TRule[] rules) where TRule : unmanaged, IUpdateRule => RuleVariants.TypeOf<TRule>(rules);

    private static void AssertSame<TRule>(TRule rule, int states, bool hasState1 = false, bool hasState2 = false) where TRule : unmanaged, IUpdateRule
    {
        AssertSame<TRule, Float32Format>(rule, ElementType.Float32, states > 0, hasState1 || states > 1, hasState2);
        AssertSame<TRule, BFloat16Format>(rule, ElementType.BFloat16, states > 0, hasState1 || states > 1, hasState2);
    }

    private static void AssertSame<TRule, TFormat>(TRule rule, ElementType type, bool hasState0, bool hasState1, bool hasState2)
        where TRule : unmanaged, IUpdateRule
        where TFormat : IFormat
    {
        var random = new Random(1);
        var numbers = new float[5 * Length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = i % 11 == 5 ? 0 : i < 2 * Length ? random.NextSingle() * 2 - 1 : random.NextSingle();
        byte[] general = Encode(numbers), known = Encode(numbers);
        Run(&ElementwiseLoop<TRule, Floats8, TFormat, TFormat, TFormat, TFormat>.Run, general);
        Run(UpdateKernels.Select(rule, 256, new(type, type, type, type)), known);
        Assert.That(known, Is.EqualTo(general), $"{rule}");
        Assert.That(known, Is.Not.EqualTo(Encode(numbers)));

        void Run(delegate*<void*, UpdatePiece*, int, nint*, bool, void> loop, byte[] memory)
        {
            fixed (byte* start = memory)
            {
                var (size, constants) = (Length * TFormat.Size, rule);
                var (parameter, gradient) = ((nint)start, (nint)start + size);
                var piece = new UpdatePiece(
                    parameter,
                    hasState0 ? parameter + 2 * size : 0,
                    hasState1 ? parameter + 3 * size : 0,
                    hasState2 ? parameter + 4 * size : 0,
                    start: 0,
                    tensor: 0,
                    Length);
                loop(&constants, &piece, 1, &gradient, false);
            }
        }

        static byte[] Encode(float[] numbers)
        {
            var bytes = new byte[numbers.Length * TFormat.Size];
            fixed (byte* start = bytes)
            {
                for (var i = 0; i < numbers.Length; i++)
                    TFormat.Store(TFormat.Round(Floats1.Create(numbers[i])), start + i * TFormat.Size);
            }
            return bytes;
        }
    }
}
