using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// State and parameters in fewer bits: each step is the float step from what was decoded, encoded again. The float optimizer, held to PyTorch elsewhere, on one
/// scalar lane, and the scalar forms of the encodings, held to their definitions elsewhere, are the reference. <see cref="LowPrecisionDeviceTests"/> hold all
/// devices to the narrowest vectors of these two.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[TestFixtureSource(nameof(Widths))]
public sealed class LowPrecisionTests(int vectorBits)
{
    private static readonly int[] _lengths = [1, 255, 256, 257, 2048 + 300, 5000];

    private SimdDevice _device = null!;

    public static IEnumerable<int> Widths => new[] { 32, SimdDevice.VectorWidths[0] }.Distinct();

    private static IEnumerable<TestCaseData> Modes => LowPrecision.Modes(roundsParameters: false).Select(options => new TestCaseData(options).SetArgDisplayNames(LowPrecision.Describe(options)));

    private static IEnumerable<TestCaseData> RoundedModes => LowPrecision.Modes(roundsParameters: true).Select(options => new TestCaseData(options).SetArgDisplayNames(LowPrecision.Describe(options)));

    [SetUp]
    public void Open() => _device = new SimdDevice(threads: 2, vectorBits);

    [TearDown]
    public void Close() => _device.Dispose();

    [TestCaseSource(nameof(Modes))]
    public void FloatParametersEqualTheFloatStepEncodedAgain(OptimizerOptions options) => Verify<float>(options);

    [TestCaseSource(nameof(RoundedModes))]
    public void BFloat16ParametersEqualTheFloatStepEncodedAgain(OptimizerOptions options) => Verify<BFloat16>(options);

    [Test]
    public void Float16ParametersHaveAMaster() => Verify<Half>(new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, ParameterRounding = ParameterRounding.Master, FullPrecisionBelow = 0 });

    private static IEnumerable<OptimizerOptions> Others =>
    [
        new NAdamOptions { LearningRate = 0.01, MomentumDecay = 0.5 },
        new RAdamOptions { LearningRate = 0.01, Beta2 = 0.5 },
        new AdamaxOptions { LearningRate = 0.01 },
        new LionOptions { LearningRate = 0.01 },
        new AdagradOptions { LearningRate = 0.01, InitialAccumulatorValue = 0.1 },
        new AdadeltaOptions { Epsilon = 1e-3 },
        new AsgdOptions { LearningRate = 0.1, Lambda = 0.1, T0 = 1 },
        new RpropOptions { LearningRate = 0.1 },
    ];

    /// <summary>Which of their states is never negative, and what scalars are beside it, are all that is particular.</summary>
    [Test]
    public void OthersEqualTheFloatStepEncodedAgain([ValueSource(nameof(Others))] OptimizerOptions options) =>
        Verify<float>(options with { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, FullPrecisionBelow = 0, RoundingSeed = 7 });

    /// <summary>Bytes of the parameter, its state and what is asked for.</summary>
    private void Verify<T>(OptimizerOptions options) where T : unmanaged
    {
        using var model = new RandomModel<T>(_device, _lengths);
        using var optimizer = options.CreateOptimizer(model.Parameters);
        EncodedReference[] references = [.. model.Parameters.Select(parameter => new EncodedReference(options, parameter))];
        for (var t = 1; t <= 3; t++)
        {
            model.NextGradients();
            // One is late, and begins then.
            model.Parameters[3].HasGradient = t != 1;
            for (var i = 0; i < references.Length; i++)
            {
                if (model.Parameters[i].HasGradient)
                    references[i].Step([.. model.Parameters[i].Gradient.ToArray().Select(Bits.ToFloat)]);
            }
            optimizer.Step();
            var state = optimizer.StateDictionary();
            for (var i = 0; i < references.Length; i++)
            {
                var parameter = model.Parameters[i];
                Assert.That(MemoryMarshal.AsBytes<T>(parameter.Data.ToArray()).ToArray(), Is.EqualTo(references[i].Parameter), $"{parameter.Name} after step {t}");
                var tensors = (state.Parameters.GetValueOrDefault(parameter.Name)?.Tensors ?? new Dictionary<string, StateTensor>()).Where(pair => !EncodedReference.IsScalar(pair.Value)).ToDictionary();
                Assert.That(tensors.Keys, Is.EquivalentTo(references[i].State.Keys), parameter.Name);
                foreach (var (name, expected) in references[i].State)
                    Assert.That(tensors[name].Bytes.ToArray(), Is.EqualTo(expected), $"{name} of {parameter.Name} after step {t}");
            }
        }
        Array.ForEach(references, reference => reference.Dispose());
    }
}
