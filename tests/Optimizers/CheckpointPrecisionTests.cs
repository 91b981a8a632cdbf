using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Optimizers.Checkpoints.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Files of runs whose state has fewer bits, or whose parameters are rounded in a way of their own.</summary>
public sealed class CheckpointPrecisionTests : FolderTest
{
    private static readonly LoadOptions _convert = new() { Convert = true };

    private string File => Path.Combine(Folder, "run.safetensors");

    public static IEnumerable<OptimizerOptions> Kinds => PrecisionRun.Kinds;

    /// <summary>Every state precision, state rounding and parameter rounding.</summary>
    private static IEnumerable<OptimizerOptions> Modes(OptimizerOptions kind) =>
        from precision in Enum.GetValues<StatePrecision>()
        from rounding in Enum.GetValues<StateRounding>()
        where rounding == StateRounding.Nearest || precision > StatePrecision.Float32
        from parameters in Enum.GetValues<ParameterRounding>()
        select kind with { StatePrecision = precision, StateRounding = rounding, ParameterRounding = parameters, RoundingSeed = 7 };

    [TestCaseSource(nameof(Kinds))]
    public void GoesOnToTheSameBits(OptimizerOptions kind)
    {
        foreach (var options in Modes(kind))
        {
            using PrecisionRun whole = new(options), first = new(options), resumed = new(options);
            using var stream = new MemoryStream();
            Checkpoint.Save(stream, first.Train(0, 3).Optimizer);
            stream.Position = 0;
            Checkpoint.Load(stream, resumed.Train(8, 1).Optimizer);
            Assert.That(resumed.Snapshot(), Is.EqualTo(first.Snapshot()), $"{options}");
            Assert.That(resumed.Train(3, 3).Snapshot(), Is.EqualTo(whole.Train(0, 6).Snapshot()), $"{options}");

            // Dictionaries go the same way.
            first.Optimizer.Load(whole.Optimizer.StateDictionary());
            Assert.That(StateSnapshot.Of(first.Optimizer.StateDictionary()), Is.EqualTo(StateSnapshot.Of(whole.Optimizer.StateDictionary())), $"{options}");
        }
    }

    [Test]
    public async Task InTheBackgroundTheFileIsThatOfTheMoment()
    {
        var options = new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, ParameterRounding = ParameterRounding.MasterRemainder };
        using PrecisionRun run = new(options), other = new(options);
        var saving = Checkpoint.SaveAsync(File, run.Train(0, 2).Optimizer);
        var before = run.Snapshot();
        run.Train(2, 1);
        await saving;
        await Checkpoint.LoadAsync(File, other.Optimizer);
        Assert.That(other.Snapshot(), Is.EqualTo(before));
        using var file = SafetensorsFile.Open(File);
        Assert.That(file.Entries["optimizer/wide/exp_avg"].Type, Is.EqualTo("U8"));
        Assert.That(file.Entries["optimizer/wide/exp_avg_scale"].Shape, Is.EqualTo([3]));
        Assert.That(file.Entries["optimizer/small/exp_avg"].Type, Is.EqualTo("F32"));
        Assert.That(file.Entries["optimizer/narrow/remainder"].Type, Is.EqualTo("U16"));
    }

    /// <summary>A run of any precision goes on in any other: the same steps and rates, the optimizer's own precision, and numbers as near as they can be.</summary>
    [TestCaseSource(nameof(Kinds))]
    public void ARunIsConverted(OptimizerOptions kind)
    {
        foreach (var source in Modes(kind).Where(mode => mode.ParameterRounding != ParameterRounding.Kahan && mode.StateRounding == StateRounding.Nearest))
        {
            using var saved = new PrecisionRun(source with { LearningRate = 0.25 });
            Checkpoint.Save(File, saved.Train(0, 3).Optimizer);
            var state = saved.Optimizer.StateDictionary(decoded: true);
            foreach (var precision in Enum.GetValues<StatePrecision>())
            {
                var to = kind with { StatePrecision = precision, StateRounding = StateRounding.Stochastic, ParameterRounding = (ParameterRounding)(((int)source.ParameterRounding + (int)precision) % 5) };
                using var loaded = new PrecisionRun(to);
                if (precision != source.StatePrecision)
                {
                    var before = loaded.Snapshot();
                    Assert.That(() => Checkpoint.Load(File, loaded.Optimizer), Throws.TypeOf<InvalidDataException>()
                        .With.Message.Contains($"StatePrecision of group 0 must be {precision}, as the optimizer's. Actual value in state was {source.StatePrecision}; of a file, LoadOptions.Convert takes it"));
                    Assert.That(loaded.Snapshot(), Is.EqualTo(before));
                }
                Checkpoint.Load(File, loaded.Optimizer, _convert);
                var taken = loaded.Optimizer.Groups[0].AnyOptions;
                Assert.That((taken.StatePrecision, taken.StateRounding, taken.ParameterRounding, taken.LearningRate, taken.RoundingSeed), Is.EqualTo((to.StatePrecision, to.StateRounding, to.ParameterRounding, 0.25, 7)));
                AssertNear(loaded.Optimizer.StateDictionary(decoded: true), state, $"{source} to {to}");
                // Where two bfloat16s are as near, roundings take one or the other.
                foreach (var (own, theirs) in loaded.Parameters.SelectMany(Values).Zip(saved.Parameters.SelectMany(Values)))
                    Assert.That(MathF.Abs(own - theirs), Is.LessThanOrEqualTo(MathF.Abs(theirs) / 128), $"{source} to {to}");
                loaded.Train(3, 1);
            }
        }
    }

    /// <summary>A float has all that 16 and 8 bits had, so that the way there and back loses nothing; but the largest number of 8 bits is not always their scale.</summary>
    [TestCase(StatePrecision.BFloat16)]
    [TestCase(StatePrecision.Float16)]
    [TestCase(StatePrecision.Blockwise8)]
    public void WhatWasDecodedIsEncodedAsItWas(StatePrecision precision)
    {
        using PrecisionRun run = new(new AdamWOptions { StatePrecision = precision }), wide = new(new AdamWOptions { StatePrecision = StatePrecision.Float32 }), back = new(new AdamWOptions { StatePrecision = precision });
        Checkpoint.Save(File, run.Train(0, 3).Optimizer);
        Checkpoint.Load(File, wide.Optimizer, _convert);
        var decoded = run.Optimizer.StateDictionary(decoded: true);
        Assert.That(wide.Optimizer.StateDictionary()["wide"]["exp_avg"].Values<float>().ToArray(), Is.EqualTo(decoded["wide"]["exp_avg"].Values<float>().ToArray()));
        Checkpoint.Save(File, wide.Optimizer);
        Checkpoint.Load(File, back.Optimizer, _convert);
        if (precision == StatePrecision.Blockwise8)
            AssertNear(back.Optimizer.StateDictionary(decoded: true), decoded, "there and back");
        else
            Assert.That(back.Snapshot(), Is.EqualTo(run.Snapshot()));
    }

    /// <summary>What a rounding kept is of the parameter's value: float parameters have all of it, and other roundings begin with it.</summary>
    [TestCase(ParameterRounding.Kahan)]
    [TestCase(ParameterRounding.MasterRemainder)]
    [TestCase(ParameterRounding.Master)]
    public void ParametersKeepWhatTheirRoundingKept(ParameterRounding rounding)
    {
        using PrecisionRun saved = new(new AdamWOptions { ParameterRounding = rounding }), wide = new(new AdamWOptions(), isFloat: true), exact = new(new AdamWOptions(), isFloat: true), back = new(new AdamWOptions { ParameterRounding = rounding });
        Checkpoint.Save(File, saved.Train(0, 5).Optimizer);
        Checkpoint.Load(File, wide.Optimizer, _convert);
        var values = Values(wide.Parameters[1]);
        Assert.That(values.Zip(Values(saved.Parameters[1])), Has.Some.Matches<(float Exact, float Rounded)>(pair => pair.Exact != pair.Rounded));
        Assert.That(values.Select(value => (float)(BFloat16)value).Zip(Values(saved.Parameters[1])).Count(pair => pair.First != pair.Second), Is.LessThan(values.Length / 10), "ties");

        // All 24 places go in and out again, but for Kahan's 16.
        Checkpoint.Save(File, wide.Optimizer);
        Checkpoint.Load(File, back.Optimizer, _convert);
        Assert.That(back.Optimizer.StateDictionary()["narrow"].Tensors, Does.ContainKey(rounding switch { ParameterRounding.Kahan => "compensation", ParameterRounding.Master => "master", _ => "remainder" }));
        Checkpoint.Save(File, back.Optimizer);
        Checkpoint.Load(File, exact.Optimizer, _convert);
        Assert.That(Values(exact.Parameters[1]), Is.EqualTo(values));
    }

    /// <summary>A parameter that was rounded to the nearest has no more than that.</summary>
    [Test]
    public void WhereNothingWasKeptTheParameterIsAllThereIs()
    {
        using PrecisionRun saved = new(new SgdOptions { Momentum = 0.9 }), master = new(new SgdOptions { Momentum = 0.9, ParameterRounding = ParameterRounding.Master }), stochastic = new(new SgdOptions { Momentum = 0.9, ParameterRounding = ParameterRounding.Stochastic });
        Checkpoint.Save(File, saved.Train(0, 2).Optimizer);
        Checkpoint.Load(File, master.Optimizer, _convert);
        Assert.That(master.Optimizer.StateDictionary()["narrow"]["master"].Values<float>().ToArray(), Is.EqualTo(Values(saved.Parameters[1])));
        Checkpoint.Load(File, stochastic.Optimizer, _convert);
        Assert.That(stochastic.Optimizer.StateDictionary()["narrow"].Step, Is.EqualTo(1), "nobody counted");
    }

    /// <summary>A run that drew no random numbers has no seed to go on with.</summary>
    [Test]
    public void WhereTheFileHasNoSeedTheOptimizersHolds()
    {
        using PrecisionRun saved = new(new AdamWOptions()), loaded = new(new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, RoundingSeed = 7 });
        Checkpoint.Save(File, saved.Train(0, 1).Optimizer);
        Checkpoint.Load(File, loaded.Optimizer, _convert);
        Assert.That(loaded.Optimizer.Groups[0].AnyOptions.RoundingSeed, Is.EqualTo(7));
    }

    /// <summary>Random numbers go by steps that were counted before there were any, and by any seed.</summary>
    [Test]
    public void RandomRoundingMayBeginAfterAResume()
    {
        var options = new SgdOptions { Momentum = 0.9, StatePrecision = StatePrecision.Blockwise8, RoundingSeed = int.MinValue };
        using PrecisionRun whole = new(options), resumed = new(options);
        Checkpoint.Save(File, whole.Train(0, 3).Optimizer);
        Checkpoint.Load(File, resumed.Optimizer);
        foreach (var run in (PrecisionRun[])[whole, resumed])
            run.Optimizer.Groups[0].AnyOptions = run.Optimizer.Groups[0].AnyOptions with { StateRounding = StateRounding.Stochastic };
        Assert.That(resumed.Train(3, 2).Snapshot(), Is.EqualTo(whole.Train(3, 2).Snapshot()));
    }

    /// <summary>State of a slot that is not used any more is in files, and comes back.</summary>
    [Test]
    public void StateOutOfUseComesBack([Values] StatePrecision precision)
    {
        var options = new SgdOptions { Momentum = 0.9, StatePrecision = precision };
        using PrecisionRun run = new(options), other = new(options with { Momentum = 0 });
        run.Train(0, 2);
        foreach (var group in run.Optimizer.Groups)
            group.AnyOptions = (SgdOptions)group.AnyOptions with { Momentum = 0 };
        Checkpoint.Save(File, run.Train(2, 1).Optimizer);
        Checkpoint.Load(File, other.Optimizer);
        Assert.That(other.Snapshot(), Is.EqualTo(run.Snapshot()));
        Assert.That(other.Optimizer.StateDictionary()["wide"].Tensors, Does.ContainKey("momentum_buffer"));
    }

    public static IEnumerable<TestCaseData> Hostile()
    {
        static StateTensor Floats(params long[] shape) => StateTensor.Create<float>(shape, new float[shape.Aggregate(1L, (product, extent) => product * extent)]);
        const string Numbers = "optimizer/wide/exp_avg", Scales = "optimizer/wide/exp_avg_scale", Remainder = "optimizer/narrow/remainder";
        // The last ones are what a conversion says of it, if that is something else; nothing where it takes what is there, or does without.
        yield return new(Scales, null, "State 'exp_avg_scale' of parameter 'wide' is missing", null);
        yield return new(Scales, Floats(2), "State 'exp_avg_scale' of parameter 'wide' must have shape [3]. Actual shape was [2]", null);
        yield return new(Scales, StateTensor.Create<ushort>([3], new ushort[3]), "State 'exp_avg_scale' of parameter 'wide' must be Float32. Actual type was UInt16", null);
        yield return new(Numbers, null, "State 'exp_avg' of parameter 'wide' is missing", null);
        yield return new(Numbers, StateTensor.Create<byte>([600], new byte[600]), "State 'exp_avg' of parameter 'wide' must have shape [20, 30]. Actual shape was [600]", null);
        yield return new(Numbers, Floats(20, 30), "State 'exp_avg' of parameter 'wide' must be UInt8. Actual type was Float32", "State 'exp_avg_scale' of parameter 'wide' must not be there, for 'exp_avg' is Float32, of StatePrecision.Blockwise8");
        yield return new(Numbers, StateTensor.Create<ushort>([20, 30], new ushort[600]), "State 'exp_avg' of parameter 'wide' must be UInt8. Actual type was UInt16", "must not be there, for 'exp_avg' is UInt16");
        yield return new(Remainder, null, "State 'remainder' of parameter 'narrow' is missing; of a file, LoadOptions.Convert begins it with the parameter's value", "");
        yield return new(Remainder, StateTensor.Create<ushort>([320], new ushort[320]), "State 'remainder' of parameter 'narrow' must have shape [16, 20]. Actual shape was [320]", null);
        yield return new(Remainder, StateTensor.Create<BFloat16>([16, 20], new BFloat16[320]), "State 'remainder' of parameter 'narrow' must be UInt16. Actual type was BFloat16", null);
        yield return new("optimizer/small/exp_avg_scale", Floats(1), "State 'exp_avg_scale' of parameter 'small' is none of AdamW's", "'exp_avg_scale' of parameter 'small' must not be there");
        yield return new("optimizer/wide/remainder", StateTensor.Create<ushort>([20, 30], new ushort[600]), "State 'remainder' of parameter 'wide' is none of AdamW's", "");
        yield return new("optimizer/narrow/master", Floats(16, 20), "State 'master' of parameter 'narrow' is none of AdamW's", null);
    }

    /// <summary>A file with one tensor changed, with digests that are right, is refused whether it is converted or not, and nothing has changed.</summary>
    [TestCaseSource(nameof(Hostile))]
    public void HostileTensorsAreRefused(string name, StateTensor? tensor, string message, string? whenConverted)
    {
        var options = new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, ParameterRounding = ParameterRounding.MasterRemainder };
        using PrecisionRun run = new(options), own = new(options), other = new(new AdamWOptions());
        var content = CheckpointContent.Of(run.Train(0, 2).Optimizer, []);
        var tensors = content.Tensors.ToDictionary();
        if (tensor is null)
            tensors.Remove(name);
        else
            tensors[name] = tensor;
        (content with { Tensors = tensors }).Write(File, maxBytes: null, new());

        AssertRefused(own.Train(5, 1), null, message);
        if (whenConverted != "")
        {
            AssertRefused(own, _convert, whenConverted ?? message);
            // Where the numbers need not be the same, messages may differ.
            AssertRefused(other.Train(5, 1), _convert, name[(name.LastIndexOf('/') + 1)..]);
        }

        void AssertRefused(PrecisionRun run, LoadOptions? options, string message)
        {
            var before = run.Snapshot();
            Assert.That(() => Checkpoint.Load(File, run.Optimizer, options), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(File));
            Assert.That(run.Snapshot(), Is.EqualTo(before));
        }
    }

    /// <summary>What is asked for of converted bytes may begin and end anywhere.</summary>
    [Test]
    public void PartsOfConvertedBytesAreThoseOfTheWhole()
    {
        var values = Enumerable.Range(0, 40_000).Select(i => MathF.Sin(i) * i).ToArray();
        var floats = StateTensor.Create<float>([values.Length], values).Bytes;
        var random = new Random(1);
        foreach (var codec in (Codec[])[Codec.Of(StateEncoding.Dynamic8, false), Codec.Of(ParameterRounding.Kahan, ElementType.BFloat16)])
        {
            TensorBytes numbers = new EncodedBytes(floats, codec, isCompanion: false), companion = new EncodedBytes(floats, codec, isCompanion: true);
            foreach (var bytes in (TensorBytes[])[numbers, companion, new DecodedBytes(numbers, companion, codec), new ConvertedBytes(new DecodedBytes(numbers, companion, codec), "Float32", ElementType.BFloat16)])
            {
                var all = bytes.ToArray();
                for (var i = 0; i < 20; i++)
                {
                    var first = random.Next((int)bytes.Length / 4) * 4;
                    var part = new byte[random.Next(((int)bytes.Length - first) / 4 + 1) * 4];
                    bytes.Read(first, part);
                    Assert.That(part.AsSpan().SequenceEqual(all.AsSpan(first, part.Length)));
                }
            }
        }
    }

    private static float[] Values(Parameter parameter) => parameter is Parameter<float> single
        ? single.Data.ToArray()
        : [.. ((Parameter<BFloat16>)parameter).Data.ToArray().Select(value => (float)value)];

    /// <summary>Compares states with the errors that 8 bits have, relative to the largest number of a tensor.</summary>
    private static void AssertNear(StateDictionary actual, StateDictionary expected, string what)
    {
        // Of parameters without momentum there is nothing to remember.
        foreach (var (parameter, state) in expected.Parameters.Where(pair => pair.Value.Tensors.Keys.Any(IsSlot)))
        {
            foreach (var (name, tensor) in state.Tensors.Where(each => IsSlot(each.Key)))
            {
                float[] near = Floats(actual[parameter][name]), values = Floats(tensor);
                var most = values.Max(MathF.Abs) / 20;
                Assert.That(near.Zip(values).All(pair => MathF.Abs(pair.First - pair.Second) <= most), $"{what}: {parameter}/{name}");
            }
            if (actual[parameter].Step is { } step && state.Step is { } count)
                Assert.That(step, Is.EqualTo(count), what);
        }
    }

    private static bool IsSlot(string name) => name is not ("compensation" or "remainder" or "master");

    private static float[] Floats(StateTensor tensor) => tensor.ElementType == ElementType.Float32
        ? tensor.Values<float>().ToArray()
        : [.. tensor.Values<BFloat16>().ToArray().Select(value => (float)value)];
}
