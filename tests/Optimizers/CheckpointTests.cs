using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Optimizers.Checkpoints.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

[Parallelizable(ParallelScope.Self)]
public sealed class CheckpointTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.safetensors");

    public static IEnumerable<string> Kinds => ["sgd", "momentum", "rmsprop", "adam", "adamw", "asgd", "muon", "model", "scaled"];

    /// <summary>A run that stops and goes on in another process, on another device, ends with the same bits.</summary>
    [Test]
    public void GoesOnToTheSameBits([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice device, [ValueSource(nameof(Kinds))] string kind)
    {
        using var whole = new TrainingRun(device.Open(), kind);
        using (var first = new TrainingRun(device.Open(), kind))
        {
            first.Train(0, 4);
            Checkpoint.Save(File, first.Optimizer, first.Schedule);
        }
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(1), "nothing is left aside");

        using var resumed = new TrainingRun(new SimdDevice(threads: 1), kind);
        resumed.Train(7, 2);
        Checkpoint.Load(File, resumed.Optimizer, resumed.Schedule);
        whole.Train(0, 8);
        resumed.Train(4, 4);
        resumed.AssertEqual(whole);
    }

    /// <summary>In the middle of a step for several batches: sums, and who has one, go on.</summary>
    [Test]
    public void GoesOnInTheMiddleOfAStep([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice device, [Values("adamw", "model")] string kind)
    {
        static void Add(TrainingRun run, GradientAccumulation accumulation, int first, int end)
        {
            for (var batch = first; batch < end; batch++)
            {
                run.FillGradients(batch);
                accumulation.Step();
            }
        }
        using var whole = new TrainingRun(device.Open(), kind);
        using (var accumulation = new GradientAccumulation(whole.Optimizer, 3))
            Add(whole, accumulation, 0, 9);
        // The last parameter has gradients in odd batches alone.
        foreach (var (stop, sums) in ((int, int)[])[(4, 4), (5, 4), (6, 0), (7, 3)])
        {
            using TrainingRun first = new(device.Open(), kind), resumed = new(device.Open(), kind);
            using GradientAccumulation before = new(first.Optimizer, 3), after = new(resumed.Optimizer, 3);
            Add(first, before, 0, stop);
            Checkpoint.Save(File, first.Optimizer, first.Schedule);
            using (var file = SafetensorsFile.Open(File))
                Assert.That(file.Entries.Keys.Count(name => name.StartsWith("accumulation/", StringComparison.Ordinal)), Is.EqualTo(sums));
            Add(resumed, after, 11, 13);
            Checkpoint.Load(File, resumed.Optimizer, resumed.Schedule);
            Assert.That(after.Count, Is.EqualTo(stop % 3));
            Add(resumed, after, stop, 9);
            resumed.AssertEqual(whole);
        }
    }

    [Test]
    public void SumsNeedAnAccumulationOfAsManyBatches()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        using (var accumulation = new GradientAccumulation(run.Optimizer, 3))
        {
            run.FillGradients(0);
            accumulation.Step();
            Checkpoint.Save(File, run.Optimizer, run.Schedule);
        }
        var bytes = System.IO.File.ReadAllBytes(File);
        Assert.That(run.AssertRefused(File, bytes, "none"), Does.Contain("The file has the gradients of 1 of a step's 3 batches, and the optimizer must have a GradientAccumulation of as many. Actual number was none"));
        using (var accumulation = new GradientAccumulation(run.Optimizer, 4))
            Assert.That(run.AssertRefused(File, bytes, "other"), Does.Contain("GradientAccumulation of as many. Actual number was 4"));
        Checkpoint.Save(File, run.Optimizer, run.Schedule);
        using (var accumulation = new GradientAccumulation(run.Optimizer, 2))
        {
            accumulation.Step();
            Checkpoint.Load(File, run.Optimizer, run.Schedule);
            Assert.That(accumulation.Count, Is.Zero, "a file from between steps");
        }
    }

    [Test]
    public void AnotherRunIsRefusedByName()
    {
        using TrainingRun adamw = new(new SimdDevice(threads: 1), "adamw"), adam = new(new SimdDevice(threads: 1), "adam"), small = new(new SimdDevice(threads: 1), "small");
        adamw.Train(0, 1);
        Checkpoint.Save(File, adamw.Optimizer, adamw.Schedule);
        var bytes = System.IO.File.ReadAllBytes(File);
        Assert.That(adam.AssertRefused(File, bytes, "kind"), Does.Contain("must be of optimizer Adam. Actual optimizer was AdamW"));
        Assert.That(small.AssertRefused(File, bytes, "parameters"), Does.Contain("Parameter 'only' is missing"));
        Assert.That(() => Checkpoint.Load(File, adamw.Optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains("the states of 0 schedules. Actual number was 1"));
        adamw.Optimizer.GradientScaler = new(adamw.Optimizer.Device);
        Assert.That(adamw.AssertRefused(File, bytes, "scaler"), Does.Contain("The file must have the state of a gradient scaler if the optimizer has a scaler, and none if it has none. Actual state was none"));
        Assert.That(() => Checkpoint.Load(Path.Combine(Folder, "none"), adamw.Optimizer), Throws.InstanceOf<IOException>());
    }

    /// <summary>What cannot be written leaves the old file, and nothing aside.</summary>
    [Test]
    public void AFailedSaveLeavesTheOldFile()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        run.Train(0, 1);
        Checkpoint.Save(File, run.Optimizer, run.Schedule);
        var before = System.IO.File.ReadAllBytes(File);
        run.Parameters[0].Data.Dispose();
        Assert.That(() => Checkpoint.Save(File, run.Optimizer, run.Schedule), Throws.Exception);
        Assert.That(System.IO.File.ReadAllBytes(File), Is.EqualTo(before));
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(1));
    }

    /// <summary>Written by the safetensors library, with tensors of types that parameters cannot have, an empty one and a scalar.</summary>
    [Test]
    public void ReadsWhatTheSafetensorsLibraryWrote()
    {
        var path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", "checkpoint_module.safetensors");
        using var device = new SimdDevice(threads: 1);
        var weight = device.CreateParameter("layer.weight", [6, 8]);
        var named = device.CreateParameter("long.name/with spaces and ü", [2]);
        var scalar = device.CreateParameter("scalar", []);
        var empty = device.CreateParameter("empty", [0, 3]);
        var brain = device.CreateParameter<BFloat16>("brain", [6, 8]);
        var half = device.CreateParameter<Half>("half", [6, 8]);
        Checkpoint.LoadParameters(path, [weight, named, scalar, empty, brain, half]);

        using var file = SafetensorsFile.Open(path);
        Assert.That(file.Entries, Has.Count.EqualTo(13));
        Assert.That(file.Metadata["note"], Is.EqualTo("written by the safetensors library"));
        foreach (var (name, bytes) in (((string, DeviceBuffer)[])[("layer.weight", weight.Data), ("long.name/with spaces and ü", named.Data), ("scalar", scalar.Data), ("brain", brain.Data), ("half", half.Data)]))
        {
            var expected = new byte[file.Entries[name].Length];
            file.Read(file.Entries[name], 0, expected);
            var actual = new byte[bytes.SizeInBytes];
            bytes.CopyBytesTo(actual);
            Assert.That(actual, Is.EqualTo(expected), name);
            Assert.That(expected.Any(value => value != 0), name);
        }
        var wrong = device.CreateParameter("double", [6, 8]);
        Assert.That(() => Checkpoint.LoadParameters(path, [weight, wrong]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Parameter 'double' must be Float32. Actual type was Float64; LoadOptions.Convert takes it"));
        var other = device.CreateParameter("layer.weight", [8, 6]);
        var gone = device.CreateParameter("layer.row", [8]);
        gone.Dispose();
        var before = weight.Data.ToArray();
        weight.Data.Clear();
        Assert.That(() => Checkpoint.LoadParameters(path, [weight, gone]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(weight.Data.ToArray(), Is.All.Zero.And.Not.EqualTo(before), "nothing is read before all is checked");
        Assert.That(() => Checkpoint.LoadParameters(path, [other]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("must have shape [8, 6]. Actual shape was [6, 8]"));
    }

    /// <summary>Files that the first version of the format wrote: taken over whole, and written again with the same tensors and the same texts.</summary>
    [TestCase("scaled")]
    [TestCase("model")]
    public void FirstFilesAreStillRead(string kind)
    {
        var path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Cases", $"checkpoint_version1_{kind}.safetensors");
        using var run = new TrainingRun(new SimdDevice(threads: 1), kind);
        run.Train(6, 2);
        Checkpoint.Load(path, run.Optimizer, run.Schedule);
        Assert.That(run.Schedule.State().StepCount, Is.EqualTo(4));
        Checkpoint.Save(File, run.Optimizer, run.Schedule);

        using SafetensorsFile old = SafetensorsFile.Open(path), now = SafetensorsFile.Open(File);
        Assert.That(now.Entries.Keys, Is.EquivalentTo(old.Entries.Keys));
        foreach (var name in (string[])["gpuoptim.version", "gpuoptim.groups", "gpuoptim.steps", "gpuoptim.scaler", "gpuoptim.average_updates", "gpuoptim.digests"])
            Assert.That(now.Metadata[name], Is.EqualTo(old.Metadata[name]), name);
    }

    /// <summary>A run under other names, in other types: parameters, state and averages.</summary>
    [Test]
    public void NamesAndTypesAreTakenAsTheCallerSays()
    {
        using var device = new SimdDevice(threads: 1);
        var brain = device.CreateParameter<BFloat16>("module.w", [2, 2], [(BFloat16)1f, (BFloat16)2f, (BFloat16)3f, (BFloat16)4f]);
        brain.Gradient.CopyFrom([(BFloat16)0.5f, (BFloat16)(-1f), (BFloat16)2f, (BFloat16)0.25f]);
        using var saved = new AdamW([brain]) { WeightAverage = WeightAverage.Equal([brain]) };
        saved.Step();
        Checkpoint.Save(File, saved);

        var single = device.CreateParameter("w", [2, 2]);
        using var optimizer = new AdamW([single]) { WeightAverage = WeightAverage.Equal([single]) };
        Assert.That(() => Checkpoint.Load(File, optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Parameter 'w' is missing"));
        Assert.That(() => Checkpoint.Load(File, optimizer, new LoadOptions { Rename = Rename.DataParallel }),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("Parameter 'w' must be Float32. Actual type was BFloat16; LoadOptions.Convert takes it"));
        Checkpoint.Load(File, optimizer, new LoadOptions { Rename = Rename.DataParallel, Convert = true });
        Assert.That(single.Data.ToArray(), Is.EqualTo(brain.Data.ToArray().Select(value => (float)value)));
        Assert.That(((Parameter<float>)optimizer.WeightAverage.Averages[0]).Data.ToArray(), Is.EqualTo(single.Data.ToArray()));
        foreach (var name in (string[])["exp_avg", "exp_avg_sq"])
        {
            Assert.That(optimizer.StateDictionary()["w"].Tensors[name].Values<float>().ToArray(), Is.EqualTo(saved.StateDictionary()["module.w"].Tensors[name].Values<BFloat16>().ToArray().Select(value => (float)value)));
        }
        Assert.That(optimizer.StateDictionary()["w"].Step, Is.EqualTo(1));
    }

    /// <summary>Each byte is counted once as it is written, and twice as it is read; the end is 1.</summary>
    [Test]
    public void ProgressEndsWithOne()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "scaled");
        run.Train(0, 2);
        List<double> written = [], read = [];
        Checkpoint.Save(File, run.Optimizer, new Reports(written), run.Schedule);
        Checkpoint.Load(File, run.Optimizer, new LoadOptions { Progress = new Reports(read) }, run.Schedule);
        foreach (var reports in (List<double>[])[written, read])
        {
            Assert.That(reports, Is.Ordered);
            Assert.That(reports, Has.Count.GreaterThan(4));
            Assert.That(reports[^1], Is.EqualTo(1));
        }
    }

    [Test]
    public void ParametersAloneComeBack()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "model");
        run.Train(0, 1);
        Checkpoint.SaveParameters(File, run.Parameters);
        using var other = new TrainingRun(new SimdDevice(threads: 1), "model");
        Checkpoint.LoadParameters(File, other.Parameters);
        other.AssertParametersEqual(run);
    }

    /// <summary>While averages of another type are in the parameters' place, nothing that a file could hold has the parameters.</summary>
    [Test]
    public void ARunIsNotSavedWhileItsParametersAreAside()
    {
        using var run = new PrecisionRun(new AdamWOptions());
        using var average = WeightAverage.Exponential(run.Parameters, precision: AveragePrecision.StochasticBFloat16);
        run.Optimizer.WeightAverage = average;
        Checkpoint.Save(File, run.Train(0, 2).Optimizer);
        var before = run.Snapshot();
        average.Swap();
        Assert.That(() => Checkpoint.Save(File, run.Optimizer), Throws.InvalidOperationException.With.Message.Contains("must not be saved between two calls of Swap"));
        Assert.That(() => Checkpoint.Load(File, run.Optimizer), Throws.InvalidOperationException.With.Message.Contains("must not be loaded between two calls of Swap"));
        average.Swap();
        Assert.That(run.Snapshot(), Is.EqualTo(before));
        Checkpoint.Load(File, run.Optimizer);
        Assert.That(run.Snapshot(), Is.EqualTo(before));
    }

    /// <summary>Options come back as they were, with coefficients that are published nowhere, too.</summary>
    [Test]
    public void HyperParametersComeBack()
    {
        OptimizerOptions[] all =
        [
            new SgdOptions { LearningRate = 0.1, Momentum = 0.9, Nesterov = true, WeightDecay = 1e-4, Maximize = true },
            new RmsPropOptions { Alpha = 0.9, Epsilon = 1e-6, Centered = true, Momentum = 0.5 },
            new AdamOptions { Beta1 = 0.8, Beta2 = 0.95, Amsgrad = true, StatePrecision = StatePrecision.Float32 },
            new AdamWOptions { LearningRate = 1.0 / 3 },
            new NorMuonOptions { Beta2 = 0.5, Epsilon = 1e-5, Nesterov = true, AdjustLearningRate = LearningRateAdjustment.None },
            new MuonOptions { NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.PolarExpress, Precision = NewtonSchulzPrecision.Float32 }, AdjustLearningRate = LearningRateAdjustment.MatchRmsAdamW },
        ];
        foreach (var options in all)
        {
            var values = new HyperParameters();
            options.Save(values);
            var loaded = ((OptimizerOptions)Activator.CreateInstance(options.GetType())!).Load(values);
            Assert.That(loaded, Is.EqualTo(options));
        }
        var own = new MuonOptions { NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.Custom([new(2, -1.5, 0.5)], repeatLast: true, normScale: 1.1), Steps = 3 }, SplitRows = [2, 3] };
        var saved = new HyperParameters();
        own.Save(saved);
        var back = (MuonOptions)new MuonOptions().Load(saved);
        Assert.That(back.SplitRows, Is.EqualTo([2, 3]));
        Assert.That(back.NewtonSchulz.Plan.Steps, Is.EqualTo(own.NewtonSchulz.Plan.Steps));
        Assert.That((back.NewtonSchulz.Coefficients.NormScale, back.NewtonSchulz.Coefficients.RepeatsLast), Is.EqualTo((1.1, true)));
        Assert.That(() => new AdamOptions().Load(saved), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Hyper-parameter 'betas' must be a list of numbers. It is missing."));
    }
}
