using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>State and parameters in fewer bits: every device has the bits of one scalar lane of the CPU, parameters and all that is kept.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class LowPrecisionDeviceTests(TestDevice testDevice)
{
    private static readonly int[] _lengths = [1, 7, 256, 300, 0, 4096, 4500, 515];

    private static readonly (string Name, Func<IEnumerable<Parameter>, Modes, Optimizer> Create)[] _optimizers =
    [
        ("sgd_momentum", (parameters, modes) => new Sgd(parameters, modes.Of(new SgdOptions { LearningRate = 0.1, Momentum = 0.9, WeightDecay = 0.01 }))),
        ("rmsprop_momentum", (parameters, modes) => new RmsProp(parameters, modes.Of(new RmsPropOptions { LearningRate = 0.01, Momentum = 0.9, Epsilon = 1e-3 }))),
        ("adamw", (parameters, modes) => new AdamW(parameters, modes.Of(new AdamWOptions { LearningRate = 0.01 }))),
        ("adamw_amsgrad", (parameters, modes) => new AdamW(parameters, modes.Of(new AdamWOptions { LearningRate = 0.01, Amsgrad = true }))),
    ];

    public static IEnumerable<TestCaseData> Float32Cases => Cases(
        from precision in Enum.GetValues<StatePrecision>() from rounding in RoundingsOf(precision) select new Modes(precision, rounding));

    public static IEnumerable<TestCaseData> BFloat16Cases => Cases(
        from parameter in Enum.GetValues<ParameterRounding>() from precision in Enum.GetValues<StatePrecision>() where ((int)parameter + (int)precision) % 2 == 0 select new Modes(precision, RoundingsOf(precision) is { Length: 2 } two ? two[(int)parameter % 2] : default, parameter));

    public static IEnumerable<Modes> Float16Modes =>
        from parameter in (ParameterRounding[])[ParameterRounding.Nearest, ParameterRounding.Master] from precision in (StatePrecision[])[StatePrecision.SameAsParameter, StatePrecision.Blockwise8] select new Modes(precision, StateRounding.Nearest, parameter);

    public static IEnumerable<Modes> MuonModes =>
    [
        new(StatePrecision.BFloat16, StateRounding.Nearest),
        new(StatePrecision.BFloat16, StateRounding.Stochastic),
        new(StatePrecision.Float16, StateRounding.Stochastic),
        new(StatePrecision.Blockwise8, StateRounding.Nearest),
        new(StatePrecision.Blockwise8, StateRounding.Stochastic),
        new(StatePrecision.Float32, StateRounding.Nearest, ParameterRounding.Stochastic),
        new(StatePrecision.SameAsParameter, StateRounding.Nearest, ParameterRounding.MasterRemainder),
        new(StatePrecision.Blockwise8, StateRounding.Nearest, ParameterRounding.Master),
        new(StatePrecision.BFloat16, StateRounding.Stochastic, ParameterRounding.Kahan),
        new(StatePrecision.Blockwise8, StateRounding.Stochastic, ParameterRounding.Stochastic),
    ];

    [TestCaseSource(nameof(Float32Cases))]
    public void Float32(string optimizer, Modes modes) => Verify<float>(optimizer, modes);

    [TestCaseSource(nameof(BFloat16Cases))]
    public void BFloat16(string optimizer, Modes modes) => Verify<BFloat16>(optimizer, modes);

    [TestCaseSource(nameof(Float16Modes))]
    public void Float16(Modes modes) => Verify<Half>("adamw", modes);

    [TestCaseSource(nameof(MuonModes))]
    public void Muon(Modes modes)
    {
        if (modes.Parameter == ParameterRounding.Nearest)
            VerifyMuon<float>(modes, new MuonOptions());
        else
            VerifyMuon<BFloat16>(modes, new MuonOptions());
    }

    [Test]
    public void NorMuon([Values] bool isStochastic) => VerifyMuon<BFloat16>(
        isStochastic ? new(StatePrecision.Blockwise8, StateRounding.Stochastic, ParameterRounding.Stochastic) : new(StatePrecision.SameAsParameter, StateRounding.Nearest), new NorMuonOptions());

    /// <summary>AdamW with all modes, the others with some of them each: each is a kernel on a GPU. Parameter and state do not know of each other, so not every pair of their modes is there.</summary>
    private static IEnumerable<TestCaseData> Cases(IEnumerable<Modes> modes) =>
        from each in modes.Index()
        from optimizer in _optimizers.Index()
        where optimizer.Item.Name == "adamw" || (each.Index + optimizer.Index) % 7 == 0
        select new TestCaseData(optimizer.Item.Name, each.Item);

    private static StateRounding[] RoundingsOf(StatePrecision precision) =>
        precision is StatePrecision.SameAsParameter or StatePrecision.Float32 ? [StateRounding.Nearest] : [StateRounding.Nearest, StateRounding.Stochastic];

    private void Verify<T>(string name, Modes modes) where T : unmanaged
    {
        var create = _optimizers.Single(each => each.Name == name).Create;
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        AssertSame(Train<T>(device, create, modes), Train<T>(scalar, create, modes));
    }

    private void VerifyMuon<T>(Modes modes, MuonOptionsBase options) where T : unmanaged
    {
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        AssertSame(TrainMuon<T>(device, modes, options), TrainMuon<T>(scalar, modes, options));
    }

    /// <summary>The same bits; but a NaN of floats may be another.</summary>
    private static void AssertSame<T>((T[][] Data, StateDictionary State) actual, (T[][] Data, StateDictionary State) expected) where T : unmanaged
    {
        StepTests.AssertSame(actual.Data, expected.Data);
        Assert.That(actual.State.Parameters.Keys, Is.EquivalentTo(expected.State.Parameters.Keys));
        foreach (var (name, state) in expected.State.Parameters)
        {
            var own = actual.State[name];
            Assert.That(own.Step, Is.EqualTo(state.Step));
            Assert.That(own.Names, Is.EqualTo(state.Names));
            foreach (var (key, tensor) in state.Tensors)
            {
                if (tensor.ElementType == ElementType.Float32)
                    Bits.AreEqual(own[key].Values<float>(), tensor.Values<float>(), $"{name} {key}");
                else
                    Assert.That(own[key].Bytes.ToArray(), Is.EqualTo(tensor.Bytes.ToArray()), $"{name} {key}");
            }
        }
    }

    /// <summary>Matrices that are cut by rows, a missing gradient, an average, a step that is skipped.</summary>
    private static (T[][] Data, StateDictionary State) TrainMuon<T>(Device device, Modes modes, MuonOptionsBase options) where T : unmanaged
    {
        long[][] shapes = [[12, 23], [12, 23], [64, 80], [40, 7]];
        Parameter<T>[] matrices = [.. shapes.Select((shape, i) => device.CreateParameter<T>($"w{i}", shape, Numbers<T>((int)(shape[0] * shape[1]), i)))];
        Parameter<T>[] whole = matrices[..3], cut = matrices[3..];
        using var scaler = new GradientScaler(device, new() { InitialScale = 8, GrowthInterval = 2 });
        using var average = WeightAverage.Exponential(matrices);
        options = modes.Of(options with { LearningRate = 0.1 });
        using var optimizer = options.CreateOptimizer(whole);
        optimizer.AddGroup(cut, options with { SplitRows = [10] });
        (optimizer.GradientScaler, optimizer.WeightAverage) = (scaler, average);
        for (var step = 0; step < 4; step++)
        {
            foreach (var (i, matrix) in matrices.Index())
                matrix.Gradient.CopyFrom(Numbers<T>((int)matrix.Length, 10 * step + i, step == 1 && i == 2));
            matrices[1].HasGradient = step % 2 == 0;
            optimizer.Step();
        }
        return ([.. matrices.Select(matrix => matrix.Data.ToArray()), .. average.Averages.Select(parameter => ((Parameter<T>)parameter).Data.ToArray())], optimizer.StateDictionary());
    }

    /// <summary>Many tensors, misaligned ones, an average, clipping, a scaler that skips steps, gradients that are missing now and then.</summary>
    private static (T[][] Data, StateDictionary State) Train<T>(Device device, Func<IEnumerable<Parameter>, Modes, Optimizer> create, Modes modes) where T : unmanaged
    {
        using var model = new RandomModel<T>(device, _lengths);
        using var memory = device.CreateBuffer<T>(1301);
        memory.CopyFrom(Numbers<T>(1301, 5));
        var slopes = device.CreateBuffer<T>(1301);
        Parameter<T>[] misaligned = [new("m0", [301], memory.Slice(1, 301), slopes.Slice(3, 301)), new("m1", [700], memory.Slice(303, 700), slopes.Slice(400, 700))];
        Parameter<T>[] all = [.. model.Parameters, .. misaligned];
        using var scaler = new GradientScaler(device, new() { InitialScale = 8, GrowthInterval = 2 });
        using var average = WeightAverage.Exponential(all);
        using var optimizer = create(all, modes);
        (optimizer.GradientClipping, optimizer.GradientScaler, optimizer.WeightAverage) = (GradientClipping.ByNorm(20), scaler, average);
        for (var step = 0; step < 6; step++)
        {
            model.NextGradients();
            slopes.CopyFrom(Numbers<T>(1301, 100 + step, hasInfinity: step is 2 or 4));
            all[3].HasGradient = step % 2 == 0;
            optimizer.Step();
        }
        return ([.. all.Select(parameter => parameter.Data.ToArray()), .. average.Averages.Select(parameter => ((Parameter<T>)parameter).Data.ToArray())], optimizer.StateDictionary());
    }

    private static T[] Numbers<T>(int count, int seed, bool hasInfinity = false) where T : unmanaged
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => Bits.FromFloat<T>(hasInfinity && i == count / 2 ? float.PositiveInfinity : (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-4, 2))))];
    }

    /// <summary>How state and parameters are kept.</summary>
    public sealed record Modes(StatePrecision Precision, StateRounding StateRounding, ParameterRounding Parameter = ParameterRounding.Nearest)
    {
        internal T Of<T>(T options) where T : OptimizerOptions =>
            (T)(OptimizerOptions)(options with { StatePrecision = Precision, StateRounding = StateRounding, ParameterRounding = Parameter, FullPrecisionBelow = 0, RoundingSeed = 3 });

        public override string ToString() => $"{Precision} {StateRounding} {Parameter}";
    }
}
