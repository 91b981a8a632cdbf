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
        ("rmsprop_centered_momentum", (parameters, modes) => new RmsProp(parameters, modes.Of(new RmsPropOptions { LearningRate = 0.01, Centered = true, Momentum = 0.9, Epsilon = 1e-3 }))),
        ("adamw", (parameters, modes) => new AdamW(parameters, modes.Of(new AdamWOptions { LearningRate = 0.01 }))),
        ("adamw_amsgrad", (parameters, modes) => new AdamW(parameters, modes.Of(new AdamWOptions { LearningRate = 0.01, Amsgrad = true }))),
    ];

    public static IEnumerable<string> Optimizers => _optimizers.Select(each => each.Name);

    public static IEnumerable<Modes> ModesOfFloat =>
        from precision in Enum.GetValues<StatePrecision>() from rounding in Enum.GetValues<StateRounding>() where HasRounding(precision) || rounding == StateRounding.Nearest select new Modes(precision, rounding);

    /// <summary>Each rounding of parameters with each precision of state, and each rounding of state with one of them.</summary>
    public static IEnumerable<Modes> ModesOfBFloat16 =>
        from parameter in Enum.GetValues<ParameterRounding>()
        from precision in Enum.GetValues<StatePrecision>()
        select new Modes(precision, (int)parameter % 2 == 0 || !HasRounding(precision) ? StateRounding.Nearest : StateRounding.Stochastic, parameter);

    public static IEnumerable<Modes> ModesOfFloat16 =>
        from parameter in (ParameterRounding[])[ParameterRounding.Nearest, ParameterRounding.Master] from precision in Enum.GetValues<StatePrecision>() select new Modes(precision, StateRounding.Nearest, parameter);

    [Test]
    public void Float32([ValueSource(nameof(Optimizers))] string optimizer, [ValueSource(nameof(ModesOfFloat))] Modes modes) => Verify<float>(optimizer, modes);

    [Test]
    public void BFloat16([ValueSource(nameof(Optimizers))] string optimizer, [ValueSource(nameof(ModesOfBFloat16))] Modes modes) => Verify<BFloat16>(optimizer, modes);

    [Test]
    public void Float16([Values("adamw")] string optimizer, [ValueSource(nameof(ModesOfFloat16))] Modes modes) => Verify<Half>(optimizer, modes);

    private static bool HasRounding(StatePrecision precision) => precision is not (StatePrecision.SameAsParameter or StatePrecision.Float32);

    private void Verify<T>(string name, Modes modes) where T : unmanaged
    {
        var create = _optimizers.Single(each => each.Name == name).Create;
        using var device = testDevice.Open();
        using var scalar = new SimdDevice(threads: 1, vectorBits: 32);
        var (data, state) = Train<T>(device, create, modes);
        var (expectedData, expectedState) = Train<T>(scalar, create, modes);
        StepTests.AssertSame(data, expectedData);
        Assert.That(state, Is.EqualTo(expectedState));
    }

    /// <summary>Many tensors, misaligned ones, an average, clipping, a scaler that skips steps, gradients that are missing now and then.</summary>
    private static (T[][] Data, object?[] State) Train<T>(Device device, Func<IEnumerable<Parameter>, Modes, Optimizer> create, Modes modes) where T : unmanaged
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
            var numbers = Numbers<T>(1301, 100 + step);
            if (step is 2 or 4)
                numbers[500] = Bits.FromFloat<T>(float.PositiveInfinity);
            slopes.CopyFrom(numbers);
            all[3].HasGradient = step % 2 == 0;
            optimizer.Step();
        }
        return ([.. all.Select(parameter => parameter.Data.ToArray()), .. average.Averages.Select(parameter => ((Parameter<T>)parameter).Data.ToArray())], [.. StateSnapshot.Of(optimizer.StateDictionary())]);
    }

    private static T[] Numbers<T>(int count, int seed) where T : unmanaged
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Bits.FromFloat<T>((random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-4, 2))))];
    }

    /// <summary>How state and parameters are kept.</summary>
    public sealed record Modes(StatePrecision Precision, StateRounding StateRounding, ParameterRounding Parameter = ParameterRounding.Nearest)
    {
        internal T Of<T>(T options) where T : OptimizerOptions =>
            (T)(OptimizerOptions)(options with { StatePrecision = Precision, StateRounding = StateRounding, ParameterRounding = Parameter, FullPrecisionBelow = 0, RoundingSeed = 3 });

        public override string ToString() => $"{Precision} {StateRounding} {Parameter}";
    }
}
