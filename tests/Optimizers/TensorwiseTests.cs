using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Extensions;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What <see cref="Lamb"/> and <see cref="Adafactor"/> share: every device, type, helper and file; and wrong use.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class TensorwiseTests(TestDevice testDevice)
{
    // Some of a chunk and more, a row of chunks, bands of more than the least rows, matrices in a tensor, vectors, nothing.
    private static readonly long[][] _shapes = [[8, 12], [], [33, 70], [5000], [3, 4100], [8300, 3], [2, 3, 5, 4], [0], [4, 0], [1, 1], [40, 33], [40, 33]];

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>One float at a time on one thread is the reference; two groups, missing gradients, zeros, NaN, clipping, averages.</summary>
    [Test]
    public void EveryDeviceGivesTheSameBits([Values] bool isLamb, [Values] bool sixteenBits)
    {
        using var reference = new SimdDevice(1, 32);
        // Types beyond these cost seconds to compile kernels for, where it is not the CPU.
        var (expected, actual) = !sixteenBits ? (Train<float>(reference, isLamb), Train<float>(_device, isLamb))
            : _device is SimdDevice { VectorBits: 256 } ? (Train<Half>(reference, isLamb), Train<Half>(_device, isLamb))
            : (Train<BFloat16>(reference, isLamb), Train<BFloat16>(_device, isLamb));
        Assert.That(actual.Keys, Is.EquivalentTo(expected.Keys));
        foreach (var (what, bits) in expected)
            Assert.That(actual[what], Is.EqualTo(bits), what);
    }

    /// <summary>How tensors are cut into tables, and in which order they come, changes nothing: each is measured by itself.</summary>
    [Test]
    public void ATensorIsTheSameAlone([Values] bool isLamb)
    {
        using var together = new MatrixModel(_device, [[40, 33], [70], [40, 33]]);
        using var optimizer = Create(isLamb, together.Parameters);
        Parameter<float>[] copies = [.. together.Parameters.Select(parameter => _device.CreateParameter<float>(parameter.Name, [.. parameter.Shape], parameter.Data.ToArray()))];
        var alone = copies.Reverse().Select(copy => Create(isLamb, [copy])).ToArray();
        for (var t = 0; t < 2; t++)
        {
            together.NextGradients();
            for (var i = 0; i < copies.Length; i++)
                copies[i].Gradient.CopyFrom(together.Parameters[i].Gradient.ToArray());
            optimizer.Step();
            Array.ForEach(alone, each => each.Step());
        }
        StepTests.AssertSame([.. copies.Select(copy => copy.Data.ToArray())], together.Data());
        Array.ForEach(alone, each => each.Dispose());
    }

    [Test]
    public void ASkippedStepLeavesEverything([Values] bool isLamb) => SkippedStep.LeavesEverything(_device, [[9, 14], [20]], parameters => Create(isLamb, parameters));

    /// <summary>Clipping comes and goes between steps that are otherwise alike.</summary>
    [Test]
    public void ClippingIsWhatItIsBeforeTheStep([Values] bool isLamb)
    {
        using var model = new MatrixModel(_device, [[9, 14], [20]]);
        using var clipped = new MatrixModel(_device, [[9, 14], [20]]);
        using var optimizer = Create(isLamb, model.Parameters);
        using var expected = Create(isLamb, clipped.Parameters);
        for (var t = 0; t < 6; t++)
        {
            model.NextGradients();
            clipped.NextGradients();
            optimizer.GradientClipping = t % 3 == 1 ? GradientClipping.ByValue(0.25) : null;
            if (t % 3 == 1)
                clipped.Parameters.ToList().ForEach(parameter => parameter.Gradient.CopyFrom([.. parameter.Gradient.ToArray().Select(g => Math.Clamp(g, -0.25f, 0.25f))]));
            optimizer.Step();
            expected.Step();
        }
        StepTests.AssertSame(model.Data(), clipped.Data());
    }

    [Test]
    public void ARunGoesOnFromAFile([Values] bool isLamb)
    {
        OptimizerOptions options = isLamb
            ? new LambOptions { LearningRate = 0.1, Beta1 = 0.5, Epsilon = 1e-4, WeightDecayMode = WeightDecayMode.Cautious }
            : new AdafactorOptions { Epsilon1 = 1e-4, Epsilon2 = 0.1, Beta2Decay = -0.5, ClippingThreshold = 2, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Independent };
        using var model = new MatrixModel(_device, [[6, 4], [5]]);
        using var other = new MatrixModel(_device, [[6, 4], [5]], seed: 9);
        using var optimizer = options.CreateOptimizer(model.Parameters);
        model.NextGradients();
        optimizer.Step();
        using var stream = new MemoryStream();
        Checkpoint.Save(stream, optimizer);
        stream.Position = 0;
        using var resumed = Create(isLamb, other.Parameters);
        Checkpoint.Load(stream, resumed);
        Assert.That(resumed.Groups[0].AnyOptions, Is.EqualTo(options));
        model.NextGradients();
        for (var i = 0; i < model.Parameters.Length; i++)
            other.Parameters[i].Gradient.CopyFrom(model.Parameters[i].Gradient.ToArray());
        optimizer.Step();
        resumed.Step();
        StepTests.AssertSame(other.Data(), model.Data());
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Parameter matrix = _device.CreateParameter("w", [6, 4]), vector = _device.CreateParameter("bias", [6]);
        Assert.That(() => new Adafactor([matrix], new() { WeightDecayMode = WeightDecayMode.L2 }), Throws.ArgumentException.With.Message.StartsWith("WeightDecayMode must be Decoupled, Cautious or Independent for Adafactor"));
        Assert.That(() => new Lamb([matrix], new() { StatePrecision = StatePrecision.Blockwise8, FullPrecisionBelow = 0 }), Throws.ArgumentException.With.Message.Contains("Lamb must have StatePrecision SameAsParameter, Float32 or BFloat16").And.Message.Contains("'w' were Blockwise8, Nearest and Nearest"));
        Assert.That(
            () => new Adafactor([_device.CreateParameter<BFloat16>("b", [6])], new() { ParameterRounding = ParameterRounding.Kahan }),
            Throws.ArgumentException.With.Message.Contains("ParameterRounding Nearest. Actual values for parameter 'b' were SameAsParameter, Nearest and Kahan"));
        Assert.That(() => new ShardedOptimizer(new SelfCommunicator(_device), new LambOptions(), [matrix]), Throws.ArgumentException.With.Message.Contains("Actual type was Lamb, which measures whole tensors"));

        using var optimizer = new Adafactor([matrix, vector]);
        optimizer.Step();
        var state = optimizer.StateDictionary();
        StateDictionary With(string parameter, string name, long[] shape) => state with
        {
            Parameters = new Dictionary<string, ParameterState> { [parameter] = new(1, new Dictionary<string, StateTensor>(state[parameter].Tensors) { [name] = StateTensor.Create<float>(shape, new float[shape.Aggregate(1L, (a, b) => a * b)]) }) },
        };
        Assert.That(() => optimizer.Load(With("w", "row_var", [6])), Throws.ArgumentException.With.Message.Contains("State 'row_var' of parameter 'w' must have shape [6, 1]. Actual shape was [6]."));
        Assert.That(() => optimizer.Load(With("w", "col_var", [4, 1])), Throws.ArgumentException.With.Message.Contains("State 'col_var' of parameter 'w' must have shape [1, 4]. Actual shape was [4, 1]."));
        Assert.That(() => optimizer.Load(With("w", "variance", [6, 4])), Throws.ArgumentException.With.Message.Contains("State 'variance' of parameter 'w' is none of Adafactor's: row_var, col_var."));
        Assert.That(() => optimizer.Load(With("bias", "row_var", [6, 1])), Throws.ArgumentException.With.Message.Contains("State 'row_var' of parameter 'bias' is none of Adafactor's: variance."));
        optimizer.Load(state);
    }

    /// <summary>One of one's own, in its two rules: it goes by the direction's length alone.</summary>
    [Test]
    public void OneOfOnesOwn()
    {
        using var model = new MatrixModel(_device, [[6, 4], [5000]]);
        using var optimizer = new Normalized(model.Parameters, new() { LearningRate = 0.5 });
        model.NextGradients();
        var (before, gradients) = (model.Data(), model.Parameters.Select(parameter => parameter.Gradient.ToArray()).ToArray());
        optimizer.Step();
        for (var i = 0; i < before.Length; i++)
        {
            var norm = Math.Sqrt(gradients[i].Sum(g => (double)g * g));
            Assert.That(model.Data()[i].Select((p, j) => Math.Abs(p - (before[i][j] - 0.5 * gradients[i][j] / norm))).Max(), Is.LessThan(1e-7), $"{i}");
        }
    }

    private static Optimizer Create(bool isLamb, IEnumerable<Parameter> parameters) => isLamb ? new Lamb(parameters, new() { LearningRate = 0.01 }) : new Adafactor(parameters);

    private static Dictionary<string, int[]> Train<T>(Device device, bool isLamb) where T : unmanaged
    {
        var random = new Random(3);
        T[] Numbers(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => Bits.FromFloat<T>(random.NextSingle() * 2 - 1))];
        Parameter<T>[] parameters = [.. _shapes.Select((shape, i) => device.CreateParameter<T>($"w{i}", shape, Numbers(shape.Aggregate(1L, (a, b) => a * b))))];
        OptimizerOptions first = isLamb ? new LambOptions { LearningRate = 0.1, WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Cautious } : new AdafactorOptions { WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Cautious };
        OptimizerOptions second = isLamb ? new LambOptions { LearningRate = 0.1, ComputePrecision = ComputePrecision.Float32 } : new AdafactorOptions { LearningRate = 0.5, Maximize = true, StatePrecision = StatePrecision.Float32 };
        using var optimizer = first.CreateOptimizer(parameters[..5]);
        optimizer.AddGroup(parameters[5..], second);
        optimizer.AddGroup([device.CreateParameter("single", [5, 3], [.. Enumerable.Range(0, 15).Select(i => i - 7f)])], first);
        using var average = WeightAverage.Exponential(parameters[..6], 0.5);
        optimizer.WeightAverage = average;
        for (var t = 0; t < 5; t++)
        {
            foreach (var parameter in parameters)
                parameter.Gradient.CopyFrom(Numbers(parameter.Length));
            parameters[2].HasGradient = t != 1;
            parameters[3].Gradient.Clear();
            parameters[10].Gradient.Clear();
            if (t == 4)
                parameters[11].Gradient.CopyFrom([.. Enumerable.Repeat(Bits.FromFloat<T>(float.NaN), (int)parameters[11].Length)]);
            optimizer.GradientClipping = t == 3 ? GradientClipping.ByNorm(2) : null;
            optimizer.Step();
        }
        var state = optimizer.StateDictionary();
        var bits = parameters.ToDictionary(parameter => parameter.Name, parameter => Of<T>(parameter.Data.ToArray()));
        foreach (var each in average.Averages)
            bits.Add($"{each.Name}'s average", Of<T>(((Parameter<T>)each).Data.ToArray()));
        foreach (var (parameter, own) in state.Parameters)
        {
            foreach (var name in own.Names.Where(name => name != "step"))
                bits.Add($"{parameter}'s {name}", own[name].ElementType == ElementType.Float32 ? Of(own[name].Values<float>()) : Of(own[name].Values<T>()));
        }
        return bits;

        static int[] Of<TNumber>(ReadOnlySpan<TNumber> numbers) where TNumber : unmanaged =>
            [.. numbers.ToArray().Select(number => Bits.ToFloat(number) is var single && float.IsNaN(single) ? int.MaxValue : BitConverter.SingleToInt32Bits(single))];
    }
}
