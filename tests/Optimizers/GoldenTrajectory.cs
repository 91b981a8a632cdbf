using System.Runtime.InteropServices;
using System.Text.Json;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>A recorded run of a PyTorch optimizer, and the same run here.</summary>
internal sealed class GoldenTrajectory(string name)
{
    private static readonly string[] _rules = ["adagrad", "adadelta", "adamax", "nadam", "radam", "rprop", "asgd", "fused_adagrad"];

    private readonly SafetensorsFile _file = new(PathOf(name));

    /// <summary>All recorded runs, by file name.</summary>
    public static IEnumerable<string> Names => Directory
        .EnumerateFiles(Folder, "*.safetensors")
        .Select(path => Path.GetFileNameWithoutExtension(path))
        .Order(StringComparer.Ordinal);

    /// <summary>All but those of one rule more, of which one run each says that it is shared out, and lies in others' memory, as the others do.</summary>
    public static IEnumerable<string> OfMoreThanARule => Names.Where(name => name.EndsWith(".missing_grad", StringComparison.Ordinal) || !_rules.Any(rule => name.StartsWith(rule, StringComparison.Ordinal)));

    private static string Folder => Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden");

    /// <summary>Repeats every step and holds parameters after each, and state at the end, to the recorded bits.</summary>
    public void Verify(IRepetition repetition)
    {
        switch (_file.ElementType("init/0"))
        {
            case ElementType.Float32: Verify<float>(repetition); break;
            case ElementType.BFloat16: Verify<BFloat16>(repetition); break;
            case ElementType.Float16: Verify<Half>(repetition); break;
        }
    }

    /// <summary>
    /// PyTorch's fused implementations end tensors that are no multiple of its vectors in a scalar loop, which its compiler contracts to other
    /// fused operations. There each step starts from the recorded parameters and ends within a unit in the last place of them.
    /// </summary>
    private bool EndsInAScalarLoop => name.StartsWith("fused_", StringComparison.Ordinal) && name.EndsWith(".odd", StringComparison.Ordinal);

    /// <summary>
    /// PyTorch adds a transposed update in a scalar loop that rounds the product to bfloat16 on its own. That is not copied: there each
    /// step starts from the recorded parameters and ends within that rounding of them. State is exact all the same.
    /// </summary>
    private bool RoundsOnceMore => name == "muon_bf16.tall";

    private static void AssertWithinARounding<T>(T[] actual, T[] expected, T[] before, string what) where T : unmanaged
    {
        for (var i = 0; i < actual.Length; i++)
        {
            var recorded = Bits.ToFloat(expected[i]);
            var bound = MathF.Max(Math.Abs(recorded), Math.Abs(Bits.ToFloat(before[i]))) / 128;
            Assert.That(Math.Abs(Bits.ToFloat(actual[i]) - recorded), Is.LessThanOrEqualTo(bound), $"{what}[{i}]");
        }
    }

    /// <summary>At most one number of the type from the other.</summary>
    private static void AssertWithinAUnit<T>(ReadOnlySpan<T> actual, ReadOnlySpan<T> expected, string what) where T : unmanaged
    {
        ReadOnlySpan<short> own = MemoryMarshal.Cast<T, short>(actual), recorded = MemoryMarshal.Cast<T, short>(expected);
        for (var i = 0; i < own.Length; i++)
            Assert.That(Math.Abs(own[i] - recorded[i]), Is.LessThanOrEqualTo(1), $"{what}[{i}]: {actual[i]}, recorded {expected[i]}");
    }

    private static string PathOf(string name) => Path.Combine(Folder, name + ".safetensors");

    private void Verify<T>(IRepetition repetition) where T : unmanaged
    {
        var count = _file.JsonMetadata("shapes").GetArrayLength();
        var steps = _file.JsonMetadata("steps").GetInt32();
        var learningRates = _file.JsonMetadata("lrs").EnumerateArray().Select(rate => rate.GetDouble()).ToArray();
        var updates = new int[count];

        for (var i = 0; i < count; i++)
            repetition.AddParameter($"p{i}", _file.Shape($"init/{i}"), _file.Values<T>($"init/{i}"));
        repetition.CreateOptimizer(Options(_file.Metadata("optimizer"), _file.JsonMetadata("hyper")));
        for (var t = 1; t <= steps; t++)
        {
            if (learningRates.Length > 0)
                repetition.SetLearningRate(learningRates[(t - 1) % learningRates.Length]);
            for (var i = 0; i < count; i++)
            {
                var gradient = _file.Contains($"grad/{t}/{i}") ? _file.Values<T>($"grad/{t}/{i}") : null;
                repetition.SetGradient(i, gradient);
                if (gradient is not null)
                    updates[i]++;
            }

            repetition.Step();

            for (var i = 0; i < count; i++)
            {
                var actual = repetition.Read<T>(i);
                var recorded = _file.Values<T>($"param/{t}/{i}");
                if (RoundsOnceMore)
                {
                    var before = _file.Values<T>(t == 1 ? $"init/{i}" : $"param/{t - 1}/{i}");
                    AssertWithinARounding(actual, recorded, before, $"param/{t}/{i}");
                    repetition.Write(i, recorded);
                }
                else if (EndsInAScalarLoop)
                {
                    AssertWithinAUnit<T>(actual, recorded, $"param/{t}/{i}");
                    repetition.Write(i, recorded);
                }
                else
                {
                    Bits.AreEqual<T>(actual, recorded, $"param/{t}/{i}");
                }
            }
        }

        VerifyState<T>(repetition.Optimizer.StateDictionary(), updates);
    }

    private void VerifyState<T>(StateDictionary state, int[] updates) where T : unmanaged
    {
        for (var i = 0; i < updates.Length; i++)
        {
            var recorded = _file.Names.Where(name => name.StartsWith("state/", StringComparison.Ordinal) && name.EndsWith($"/{i}", StringComparison.Ordinal))
                .Select(name => name.Split('/')[1])
                .ToArray();
            if (!state.Parameters.TryGetValue($"p{i}", out var own))
            {
                Assert.That(recorded, Is.Empty, $"state of parameter {i}");
                continue;
            }
            Assert.That(own.Names, Is.EquivalentTo(recorded), $"state names of parameter {i}");
            foreach (var name in recorded)
            {
                if (name == "step")
                {
                    Assert.That(own.Step, Is.EqualTo((long)_file.Values<float>($"state/step/{i}")[0]), $"step of parameter {i}");
                    Assert.That(own.Step, Is.EqualTo(updates[i]), $"step of parameter {i}");
                }
                else if (_file.Shape($"state/{name}/{i}").Length == 0)
                {
                    Bits.AreEqual(own[name].Values<float>(), _file.Values<float>($"state/{name}/{i}"), $"state/{name}/{i}");
                }
                else
                {
                    if (EndsInAScalarLoop)
                        AssertWithinAUnit<T>(own[name].Values<T>(), _file.Values<T>($"state/{name}/{i}"), $"state/{name}/{i}");
                    else
                        Bits.AreEqual(own[name].Values<T>(), _file.Values<T>($"state/{name}/{i}"), $"state/{name}/{i}");
                }
            }
        }
    }

    /// <summary>PyTorch's keyword arguments as options; what is absent has the default.</summary>
    private static OptimizerOptions Options(string optimizer, JsonElement hyper)
    {
        double Number(string key, double otherwise) => hyper.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
        bool Flag(string key) => hyper.TryGetProperty(key, out var value) && value.GetBoolean();
        var compute = Flag("fused") ? ComputePrecision.Float32 : ComputePrecision.SameAsState;
        double Item(string key, int index, double otherwise) => hyper.TryGetProperty(key, out var items) ? items[index].GetDouble() : otherwise;

        switch (optimizer)
        {
            case "SGD":
                var sgd = new SgdOptions();
                return new SgdOptions
                {
                    LearningRate = Number("lr", sgd.LearningRate),
                    WeightDecay = Number("weight_decay", sgd.WeightDecay),
                    Momentum = Number("momentum", sgd.Momentum),
                    Dampening = Number("dampening", sgd.Dampening),
                    Nesterov = Flag("nesterov"),
                    Maximize = Flag("maximize"),
                    ComputePrecision = compute,
                };
            case "RMSprop":
                var rmsProp = new RmsPropOptions();
                return new RmsPropOptions
                {
                    LearningRate = Number("lr", rmsProp.LearningRate),
                    WeightDecay = Number("weight_decay", rmsProp.WeightDecay),
                    Alpha = Number("alpha", rmsProp.Alpha),
                    Epsilon = Number("eps", rmsProp.Epsilon),
                    Momentum = Number("momentum", rmsProp.Momentum),
                    Centered = Flag("centered"),
                    Maximize = Flag("maximize"),
                };
            case "Adam":
                return Moments(new AdamOptions { Amsgrad = Flag("amsgrad") });
            case "AdamW":
                return Moments(new AdamWOptions { Amsgrad = Flag("amsgrad") });
            case "Adamax":
                return Moments(new AdamaxOptions());
            case "RAdam":
                return Moments(new RAdamOptions());
            case "NAdam":
                var nAdam = new NAdamOptions();
                return Moments(nAdam with { MomentumDecay = Number("momentum_decay", nAdam.MomentumDecay) });
            case "Adagrad":
                var adagrad = new AdagradOptions();
                return adagrad with
                {
                    LearningRate = Number("lr", adagrad.LearningRate),
                    WeightDecay = Number("weight_decay", adagrad.WeightDecay),
                    LearningRateDecay = Number("lr_decay", adagrad.LearningRateDecay),
                    InitialAccumulatorValue = Number("initial_accumulator_value", adagrad.InitialAccumulatorValue),
                    Epsilon = Number("eps", adagrad.Epsilon),
                    Maximize = Flag("maximize"),
                    ComputePrecision = compute,
                };
            case "Adadelta":
                var adadelta = new AdadeltaOptions();
                return adadelta with
                {
                    LearningRate = Number("lr", adadelta.LearningRate),
                    WeightDecay = Number("weight_decay", adadelta.WeightDecay),
                    Rho = Number("rho", adadelta.Rho),
                    Epsilon = Number("eps", adadelta.Epsilon),
                    Maximize = Flag("maximize"),
                };
            case "Rprop":
                var rprop = new RpropOptions();
                return rprop with
                {
                    LearningRate = Number("lr", rprop.LearningRate),
                    EtaMinus = Item("etas", 0, rprop.EtaMinus),
                    EtaPlus = Item("etas", 1, rprop.EtaPlus),
                    MinStepSize = Item("step_sizes", 0, rprop.MinStepSize),
                    MaxStepSize = Item("step_sizes", 1, rprop.MaxStepSize),
                    Maximize = Flag("maximize"),
                };
            case "ASGD":
                var asgd = new AsgdOptions();
                return asgd with
                {
                    LearningRate = Number("lr", asgd.LearningRate),
                    WeightDecay = Number("weight_decay", asgd.WeightDecay),
                    Lambda = Number("lambd", asgd.Lambda),
                    Alpha = Number("alpha", asgd.Alpha),
                    T0 = Number("t0", asgd.T0),
                    Maximize = Flag("maximize"),
                };
            case "Muon":
                var muon = new MuonOptions();
                return muon with
                {
                    LearningRate = Number("lr", muon.LearningRate),
                    WeightDecay = Number("weight_decay", muon.WeightDecay),
                    Momentum = Number("momentum", muon.Momentum),
                    Nesterov = !hyper.TryGetProperty("nesterov", out var nesterov) || nesterov.GetBoolean(),
                    AdjustLearningRate = hyper.TryGetProperty("adjust_lr_fn", out var adjust) && adjust.GetString() == "match_rms_adamw" ? LearningRateAdjustment.MatchRmsAdamW : LearningRateAdjustment.Original,
                    NewtonSchulz = new()
                    {
                        Steps = hyper.TryGetProperty("ns_steps", out var steps) ? steps.GetInt32() : null,
                        Epsilon = Number("eps", 1e-7),
                        Coefficients = hyper.TryGetProperty("ns_coefficients", out var coefficients)
                            ? NewtonSchulzCoefficients.Custom([new(coefficients[0].GetDouble(), coefficients[1].GetDouble(), coefficients[2].GetDouble())])
                            : NewtonSchulzCoefficients.Muon,
                    },
                };
            default:
                throw new NotSupportedException(optimizer);
        }

        MomentOptions Moments(MomentOptions defaults) => defaults with
        {
            LearningRate = Number("lr", defaults.LearningRate),
            WeightDecay = Number("weight_decay", defaults.WeightDecay),
            WeightDecayMode = Flag("decoupled_weight_decay") ? WeightDecayMode.Decoupled : defaults.WeightDecayMode,
            Beta1 = Item("betas", 0, defaults.Beta1),
            Beta2 = Item("betas", 1, defaults.Beta2),
            Epsilon = Number("eps", defaults.Epsilon),
            Maximize = Flag("maximize"),
            ComputePrecision = compute,
        };
    }
}
