using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

public sealed class TorchCheckpointTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.pt");

    public static IEnumerable<string> Kinds => ["sgd", "momentum", "rmsprop", "adam", "adamw", "adagrad", "asgd", "muon"];

    /// <summary>A file that PyTorch 2.13 wrote.</summary>
    public static string Golden(string name) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", name);

    /// <summary>A run of PyTorch 2.13 goes on here to the bits to which it went on there.</summary>
    [Test]
    public void GoesOnWherePyTorchStopped([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice testDevice, [Values("sgd", "adamw", "muon")] string kind)
    {
        using var device = testDevice.Open();
        var next = new Support.SafetensorsFile(Golden($"checkpoint_{kind}.next.safetensors"));
        var parameters = Parameters(device);
        using Optimizer optimizer = kind switch
        {
            "sgd" => new Sgd(parameters),
            "adamw" => new AdamW(parameters),
            _ => new Muon(parameters),
        };
        TorchCheckpoint.Load(Golden($"checkpoint_{kind}.pt"), optimizer);
        Assert.That((optimizer.Groups[0].LearningRate, optimizer.Groups[0].AnyOptions.WeightDecay), Is.EqualTo((0.02, 0.01)));
        for (var i = 0; i < parameters.Length; i++)
        {
            Bits.AreEqual<float>(parameters[i].Data.ToArray(), next.Values<float>($"param/{i}"), $"{kind} {i}, loaded");
            parameters[i].Gradient.CopyFrom(next.Values<float>($"grad/{i}"));
        }
        optimizer.Step();
        for (var i = 0; i < parameters.Length; i++)
            Bits.AreEqual<float>(parameters[i].Data.ToArray(), next.Values<float>($"next/{i}"), $"{kind} {i}, a step later");
    }

    /// <summary>
    /// The optimizer's part of a file is written as PyTorch 2.13 wrote it: the same keys, values and tensors, and names of parameters besides.
    /// </summary>
    [Test]
    public void WritesWhatPyTorchWrites([Values("sgd", "adamw", "muon")] string kind)
    {
        using var device = new SimdDevice(threads: 1);
        using Optimizer optimizer = kind switch
        {
            "sgd" => new Sgd(Parameters(device)),
            "adamw" => new AdamW(Parameters(device)),
            _ => new Muon(Parameters(device)),
        };
        TorchCheckpoint.Load(Golden($"checkpoint_{kind}.pt"), optimizer);
        TorchCheckpoint.Save(File, optimizer);
        var written = Optimizer(File);
        Assert.That(written.Remove("param_groups/0/param_names/0") && written.Remove("param_groups/0/param_names/1"));
        Assert.That(written, Is.EquivalentTo(Optimizer(Golden($"checkpoint_{kind}.pt"))));
    }

    /// <summary>Every tensor of a module, whatever its type, view or name, as the safetensors library wrote it.</summary>
    [Test]
    public void ReadsModulesTensorForTensor([Values("checkpoint_module.pt", "checkpoint_module_legacy.pt")] string name)
    {
        using var expected = GpuOptim.Optimizers.Checkpoints.SafetensorsFile.Open(Golden("checkpoint_module.safetensors"));
        using var file = TorchFile.Open(Golden(name));
        file.Verify();
        var actual = (PickleDictionary)file.Root!;
        Assert.That(actual.Keys, Is.EquivalentTo(expected.Entries.Keys));
        foreach (var entry in expected.Entries.Values)
        {
            var tensor = (TorchTensor)actual[entry.Name]!;
            Assert.That(tensor.Shape, Is.EqualTo(entry.Shape), entry.Name);
            var bytes = new byte[entry.Length];
            expected.Read(entry, 0, bytes);
            Assert.That(new TorchBytes(file, tensor).ToArray(), Is.EqualTo(bytes), entry.Name);
        }
    }

    [Test]
    public void ReadsParametersByName([Values("checkpoint_module.pt", "checkpoint_module_legacy.pt")] string name)
    {
        using var device = new SimdDevice(threads: 1);
        var weight = device.CreateParameter("layer.weight", [6, 8]);
        var transposed = device.CreateParameter("layer.transposed", [8, 6]);
        var brain = device.CreateParameter<BFloat16>("brain", [6, 8]);
        TorchCheckpoint.LoadParameters(Golden(name), [weight, transposed, brain]);
        var values = weight.Data.ToArray();
        Assert.That(values, Has.Some.Not.Zero);
        Assert.That(transposed.Data.ToArray(), Is.EqualTo(Enumerable.Range(0, 48).Select(i => values[i % 6 * 8 + i / 6])));

        weight.Data.Clear();
        Refused(() => TorchCheckpoint.LoadParameters(Golden(name), [weight, device.CreateParameter("double", [6, 8])]), "Parameter 'double' must be Float32. Actual type was Float64");
        Refused(() => TorchCheckpoint.LoadParameters(Golden(name), [weight, device.CreateParameter("layer.row", [2, 4])]), "Parameter 'layer.row' must have shape [2, 4]. Actual shape was [8]");
        Refused(() => TorchCheckpoint.LoadParameters(Golden(name), [weight, device.CreateParameter("none", [8])]), "Parameter 'none' is missing");
        var gone = device.CreateParameter("layer.row", [8]);
        gone.Dispose();
        Assert.That(() => TorchCheckpoint.LoadParameters(Golden(name), [weight, gone]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(weight.Data.ToArray(), Is.All.Zero, "nothing is read before all is checked");
    }

    /// <summary>A run that is written, and read on another device, ends with the same bits.</summary>
    [Test]
    public void GoesOnToTheSameBits([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice device, [ValueSource(nameof(Kinds))] string kind)
    {
        using var whole = new TrainingRun(device.Open(), kind);
        using var resumed = new TrainingRun(new SimdDevice(threads: 1), kind);
        resumed.Train(7, 2);
        using (var first = new TrainingRun(device.Open(), kind))
        {
            first.Train(0, 4);
            TorchCheckpoint.Save(File, first.Optimizer);
            TorchCheckpoint.Load(File, resumed.Optimizer);
            resumed.Schedule.Load(first.Schedule.State());
        }
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(1), "nothing is left aside");
        whole.Train(0, 8);
        resumed.Train(4, 4);
        resumed.AssertEqual(whole);
    }

    /// <summary>What was never updated has no state, and has none after.</summary>
    [Test]
    public void ARunThatHasNotBegunComesBack([ValueSource(nameof(Kinds))] string kind)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), kind), other = new(new SimdDevice(threads: 1), kind);
        TorchCheckpoint.Save(File, run.Optimizer);
        other.Train(0, 2);
        TorchCheckpoint.Load(File, other.Optimizer);
        other.Schedule.Load(run.Schedule.State());
        other.AssertEqual(run);
    }

    [Test]
    public void ParametersAloneComeBack()
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "adamw"), other = new(new SimdDevice(threads: 1), "adamw");
        run.Train(0, 1);
        TorchCheckpoint.SaveParameters(File, run.Parameters);
        TorchCheckpoint.LoadParameters(File, other.Parameters);
        other.AssertParametersEqual(run);

        TorchCheckpoint.Save(File, run.Optimizer);
        using var third = new TrainingRun(new SimdDevice(threads: 1), "adamw");
        TorchCheckpoint.LoadParameters(File, third.Parameters);
        third.AssertParametersEqual(run);
    }

    /// <summary>Hyper-parameters in the file win, and what PyTorch does not know stays.</summary>
    [Test]
    public void HyperParametersComeBack()
    {
        using var device = new SimdDevice(threads: 1);
        OptimizerOptions[] all =
        [
            new SgdOptions { LearningRate = 0.1, Momentum = 0.9, Nesterov = true, WeightDecay = 1e-4, Maximize = true },
            new SgdOptions { Momentum = 0.5, Dampening = -0.25 },
            new RmsPropOptions { Alpha = 0.9, Epsilon = 1e-6, Centered = true, Momentum = 0.5 },
            new AdamOptions { Beta1 = 0.8, Beta2 = 0.95, Amsgrad = true, StatePrecision = StatePrecision.Float32 },
            new AdamWOptions { LearningRate = 1.0 / 3, Maximize = true },
            new MuonOptions { AdjustLearningRate = LearningRateAdjustment.MatchRmsAdamW, Nesterov = false, NewtonSchulz = new() { Steps = 3, Epsilon = 1e-5 } },
            new MuonOptions { AdjustLearningRate = LearningRateAdjustment.SpectralUnclamped, FlattenConvolutions = true, NewtonSchulz = new() { Steps = 5 } },
            new NorMuonOptions { LearningRate = 0.1, Momentum = 0.5, Beta2 = 0.75, Nesterov = true, WeightDecayMode = WeightDecayMode.Cautious, AdjustLearningRate = LearningRateAdjustment.None },
            new NorMuonOptions { FlattenConvolutions = true, AdjustLearningRate = LearningRateAdjustment.MatchRmsAdamW },
        ];
        foreach (var options in all)
        {
            using var optimizer = options.CreateOptimizer(Parameters(device));
            TorchCheckpoint.Save(File, optimizer);
            var usual = (OptimizerOptions)Activator.CreateInstance(options.GetType())! with { StatePrecision = options.StatePrecision };
            if (options is MuonOptions muon)
                usual = (MuonOptions)usual with { FlattenConvolutions = muon.FlattenConvolutions };
            using var other = usual.CreateOptimizer(Parameters(device));
            TorchCheckpoint.Load(File, other);
            Assert.That(other.Groups[0].AnyOptions, Is.EqualTo(options));
        }
        var own = new MuonOptions { NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.Custom([new(2, -1.5, 0.5)]), Steps = 4 } };
        using Optimizer custom = own.CreateOptimizer(Parameters(device)), back = new Muon(Parameters(device));
        TorchCheckpoint.Save(File, custom);
        TorchCheckpoint.Load(File, back);
        Assert.That(((MuonOptions)back.Groups[0].AnyOptions).NewtonSchulz.Plan.Steps, Is.EqualTo(own.NewtonSchulz.Plan.Steps));
    }

    /// <summary>What PyTorch would go on from differently is not written.</summary>
    [Test]
    public void WhatPyTorchDoesNotHaveIsNotWritten()
    {
        using var device = new SimdDevice(threads: 1);
        void NotWritten(Optimizer optimizer, string message)
        {
            using (optimizer)
                Assert.That(() => TorchCheckpoint.Save(File, optimizer), Throws.ArgumentException.With.Message.Contains(message));
            Assert.That(Directory.GetFiles(Folder), Is.Empty);
        }
        NotWritten(new ModelOptimizer(Parameters(device), Assignment.Rest(new Extensions.SignumOptions())), "Actual type was Signum: take Checkpoint");
        NotWritten(new Extensions.Signum(Parameters(device), new()), "Actual type was Signum: take Checkpoint");
        NotWritten(new AdamW([device.CreateParameter<BFloat16>("p", [2])], new() { StatePrecision = StatePrecision.Float32 }), "That of BFloat16 parameter 'p' is Float32");
        NotWritten(new Muon(Parameters(device), new() { SplitRows = [2] }), "SplitRows must be null");
        NotWritten(new Muon(Parameters(device), new() { AdjustLearningRate = LearningRateAdjustment.None, NewtonSchulz = new() { Steps = 5 } }), "AdjustLearningRate must be one of PyTorch's");
        NotWritten(new NorMuon(Parameters(device), new() { SplitRows = [3] }), "SplitRows of one number, for which dion writes how many heads there are, must cut all parameters of a group into as many. Actual value was [3]");
        NotWritten(new NorMuon([device.CreateParameter("q", [6, 4])], new() { SplitRows = [4, 2] }), "SplitRows must be null or one number");
        NotWritten(new NorMuon(Parameters(device), new() { Epsilon = 1e-6 }), "Epsilon must be 1E-08, as in dion");
        NotWritten(new NorMuon(Parameters(device), new() { AdjustLearningRate = LearningRateAdjustment.Original }), "as in dion. Actual value was Original");
        NotWritten(new NorMuon(Parameters(device), new() { WeightDecayMode = WeightDecayMode.Independent }), "WeightDecayMode must be Decoupled or Cautious, as in dion");
        NotWritten(new Muon(Parameters(device), new() { NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.PolarExpress } }), "Actual values were PolarExpress, of 8 steps, 1.01 and BFloat16");
        NotWritten(new Muon(Parameters(device), new() { NewtonSchulz = new() { Precision = NewtonSchulzPrecision.Float32 } }), "1 and Float32: take Checkpoint");
        NotWritten(new Muon([device.CreateParameter("k", [4, 2, 3])], new() { FlattenConvolutions = true }), "'k' has shape [4, 2, 3]");

        using var adamw = new AdamW(Parameters(device));
        adamw.Step();
        var state = adamw.StateDictionary();
        adamw.Load(state with { Parameters = state.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value with { Step = (1 << 24) + 1 }) });
        NotWritten(adamw, "Actual number of parameter '0' was 16777217");
        Assert.That(() => TorchCheckpoint.SaveParameters(File, [device.CreateParameter("a\ud800", [1])]), Throws.InstanceOf<ArgumentException>());
    }

    /// <summary>PyTorch's files are of whole steps: sums of one half done are not taken for the loaded run's.</summary>
    [Test]
    public void AHalfAccumulatedStepIsNeitherWrittenNorGoneOnWith()
    {
        using var device = new SimdDevice(threads: 1);
        using var parameter = device.CreateParameter<float>("p", [2], [1, 2]);
        using var optimizer = new Sgd([parameter], new() { LearningRate = 1 });
        TorchCheckpoint.Save(File, optimizer);
        using var accumulation = new GradientAccumulation(optimizer, 2);
        parameter.Gradient.CopyFrom([100, 100]);
        accumulation.Step();
        Assert.That(() => TorchCheckpoint.Save(File, optimizer), Throws.ArgumentException.With.Message.StartsWith("PyTorch's files are of whole steps. 1 of 2 batches"));
        TorchCheckpoint.Load(File, optimizer);
        Assert.That(accumulation.Count, Is.Zero);
        parameter.Gradient.CopyFrom([1, 1]);
        accumulation.Step();
        accumulation.Step();
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new float[] { 0, 1 }));
    }

    [Test]
    public void AnotherRunIsRefusedByName()
    {
        using TrainingRun adamw = new(new SimdDevice(threads: 1), "adamw"), sgd = new(new SimdDevice(threads: 1), "momentum"), muon = new(new SimdDevice(threads: 1), "muon");
        adamw.Train(0, 1);
        TorchCheckpoint.Save(File, adamw.Optimizer);
        Refused(() => TorchCheckpoint.Load(File, sgd.Optimizer), "'optimizer.param_groups[0].betas' is none of SgdOptions");
        Refused(() => TorchCheckpoint.Load(File, muon.Optimizer), "'optimizer.param_groups[0].betas' is none of MuonOptions");
        Refused(() => TorchCheckpoint.Load(Golden("checkpoint_adamw.pt"), adamw.Optimizer), "must have 2 parameter groups, as the optimizer has. Actual number was 1");
        Refused(() => TorchCheckpoint.Load(Golden("checkpoint_module.pt"), adamw.Optimizer), "must have an optimizer's state, alone or as one of optimizer, optimizer_state_dict, optimizers, optimizer_states, optimizer_state_dicts, optimizers_state_dict. Actual entries were 'layer.weight'");
        Refused(() => TorchCheckpoint.Load(Golden("checkpoint_module.safetensors"), adamw.Optimizer), "checkpoint_module.safetensors");
        Assert.That(() => TorchCheckpoint.Load(Path.Combine(Folder, "none"), adamw.Optimizer), Throws.InstanceOf<IOException>());

        using var device = new SimdDevice(threads: 1);
        using var renamed = new AdamW([device.CreateParameter("a", [12, 8]), device.CreateParameter("b", [6, 6])]);
        using var swapped = new AdamW([device.CreateParameter("b", [12, 8]), device.CreateParameter("a", [6, 6])]);
        TorchCheckpoint.Save(File, renamed);
        Refused(() => TorchCheckpoint.Load(File, swapped), "Parameter 'b' must have shape [12, 8]. Actual shape was [6, 6]");
    }

    [Test]
    public void AFailedSaveLeavesTheOldFile()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "small");
        run.Train(0, 1);
        TorchCheckpoint.Save(File, run.Optimizer);
        var before = System.IO.File.ReadAllBytes(File);
        run.Parameters[0].Data.Dispose();
        Assert.That(() => TorchCheckpoint.Save(File, run.Optimizer), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(System.IO.File.ReadAllBytes(File), Is.EqualTo(before));
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(1));
    }

    /// <summary>Bytes of every tensor begin where PyTorch can map them.</summary>
    [Test]
    public void EntriesAreAligned()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "adamw");
        run.Train(0, 2);
        TorchCheckpoint.Save(File, run.Optimizer);
        using var stream = System.IO.File.OpenRead(File);
        var entries = TorchArchive.Read(stream).Entries;
        Assert.That(entries, Has.Count.EqualTo(3 + 4 + 4 * 4), "pickle, byteorder, version; parameters; the step and three averages of each");
        Assert.That(entries.Select(entry => entry.Start % TorchArchiveWriter.Alignment), Is.All.Zero);
    }

    /// <summary>All there is in the optimizer's part of a file, by path: numbers as double, tensors as type, shape and bytes.</summary>
    private static Dictionary<string, object?> Optimizer(string path)
    {
        using var file = TorchFile.Open(path);
        return Flatten("", ((PickleDictionary)file.Root!)["optimizer"]).ToDictionary(pair => pair.Path[1..], pair => pair.Value);

        IEnumerable<(string Path, object? Value)> Flatten(string path, object? value) => value switch
        {
            PickleDictionary dictionary => dictionary.SelectMany(pair => Flatten($"{path}/{pair.Key}", pair.Value)),
            IReadOnlyList<object?> list => list.SelectMany((item, i) => Flatten($"{path}/{i}", item)),
            TorchTensor tensor => [(path, $"{tensor.Element.Name} {Parameter.Describe(tensor.Shape)} {Convert.ToHexString(new TorchBytes(file, tensor).ToArray())}")],
            long whole => [(path, (double)whole)],
            _ => [(path, value)],
        };
    }

    private static void Refused(TestDelegate load, string message) => Assert.That(load, Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    private static Parameter<float>[] Parameters(Device device) => [device.CreateParameter("0", [12, 8]), device.CreateParameter("1", [6, 6])];
}
