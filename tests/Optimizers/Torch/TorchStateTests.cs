using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>State dictionaries as releases of PyTorch and programs write them: keys that are missing, that do not matter, and that do.</summary>
public sealed class TorchStateTests
{
    private string _file = null!;
    private SimdDevice _device = null!;

    [SetUp]
    public void Open() => (_file, _device) = (Path.GetTempFileName(), new SimdDevice(threads: 1));

    [TearDown]
    public void Close()
    {
        _device.Dispose();
        File.Delete(_file);
    }

    /// <summary>Old releases counted steps in whole numbers, called parameters by where they lay in memory, and had fewer keys.</summary>
    [Test]
    public void MissingKeysHavePyTorchsDefaults()
    {
        using var adam = new Adam(Parameters(1), new() { Beta1 = 0.5, Epsilon = 1, Amsgrad = true, WeightDecay = 0.5, Maximize = true });
        Write(State(new() { [94492541006992L] = Averages(3L) }, new() { ["lr"] = 0.25, ["params"] = new List<object?> { 94492541006992L } }));
        TorchCheckpoint.Load(_file, adam);
        Assert.That(adam.Groups[0].Options, Is.EqualTo(new AdamOptions { LearningRate = 0.25 }));
        Assert.That(adam.StateDictionary()["p0"].Step, Is.EqualTo(3));
        Assert.That(adam.StateDictionary()["p0"]["exp_avg_sq"].Values<float>().ToArray(), Is.EqualTo([3f, 4f]));
        Assert.That(((Parameter<float>)adam.Groups[0].Parameters[0]).Data.ToArray(), Is.EqualTo([0f, 1f]), "a state alone leaves parameters");

        using var muon = new Muon([_device.CreateParameter("m", [2, 1])], new() { NewtonSchulz = new() { Steps = 2 } });
        Write(State([], new() { ["lr"] = 0.25, ["ns_coefficients"] = new object?[] { 2.0, -1.5, 0.5 }, ["params"] = new List<object?> { 0L } }));
        TorchCheckpoint.Load(_file, muon);
        Assert.That(muon.Groups[0].Options.NewtonSchulz.Plan.Steps, Has.Length.EqualTo(5).And.All.EqualTo(new NewtonSchulzStep(2, -1.5, 0.5)));
    }

    /// <summary>How a step is carried out, what schedulers remember, rates and steps in tensors, buffers that are None.</summary>
    [Test]
    public void WhatDoesNotMatterIsIgnored()
    {
        // What is no fused implementation rounds each operation.
        using var sgd = new Sgd(Parameters(2), new() { ComputePrecision = ComputePrecision.Float32 });
        PickleDictionary group = new()
        {
            ["lr"] = StateTensor.Create<float>([], [0.5f]),
            ["momentum"] = 0L,
            ["foreach"] = true,
            ["fused"] = false,
            ["capturable"] = true,
            ["differentiable"] = null,
            ["initial_lr"] = 1.0,
            ["name"] = "biases",
            ["params"] = new List<object?> { 0L, 1L },
        };
        Write(new() { ["epoch"] = 7L, ["params"] = Tensors(2), ["optimizer_state_dict"] = State(new() { [1L] = new PickleDictionary { ["momentum_buffer"] = null } }, group) });
        TorchCheckpoint.Load(_file, sgd);
        Assert.That(sgd.Groups[0].Options, Is.EqualTo(new SgdOptions { LearningRate = 0.5 }));
        Assert.That(sgd.Parameters.Select(parameter => ((Parameter<float>)parameter).Data.ToArray()), Is.EqualTo((float[][])[[10, 11], [20, 21]]));
    }

    /// <summary>A gradient scaler's state, by either of its usual names; that of one that was switched off, or none, changes nothing.</summary>
    [Test]
    public void ScalersComeBack([Values("scaler", "scaler_state_dict")] string key)
    {
        using var sgd = new Sgd(Parameters(1));
        using var scaler = new GradientScaler(_device, new() { InitialScale = 3 });
        PickleDictionary Root(PickleDictionary? saved)
        {
            PickleDictionary root = new() { ["params"] = Tensors(1), ["optimizer"] = State([], new() { ["lr"] = 0.5, ["params"] = new List<object?> { 0L } }) };
            if (saved is not null)
                root[key] = saved;
            return root;
        }
        PickleDictionary Saved(object? tracker) => new() { ["scale"] = 512.0, ["growth_factor"] = 4L, ["backoff_factor"] = 0.25, ["growth_interval"] = 7L, ["_growth_tracker"] = tracker };

        Write(Root(Saved(2L)));
        TorchCheckpoint.Load(_file, sgd);
        sgd.GradientScaler = scaler;
        foreach (var without in (PickleDictionary?[])[null, []])
        {
            Write(Root(without));
            TorchCheckpoint.Load(_file, sgd);
            Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(3, 2, 0.5, 2000, 0)));
        }
        Write(Root(Saved(7L)));
        Refused(sgd, "GrowthTracker must be at least 0 and less than GrowthInterval, 7");
        Write(Root(Saved(null)));
        Refused(sgd, "'_growth_tracker' of the gradient scaler must be a number. Actual value was None");
        Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(3, 2, 0.5, 2000, 0)));
        Write(Root(Saved(2L)));
        TorchCheckpoint.Load(_file, sgd);
        Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(512, 4, 0.25, 7, 2)));

        TorchCheckpoint.Save(_file, sgd);
        using var second = new GradientScaler(_device);
        using var other = new Sgd(Parameters(1)) { GradientScaler = second };
        TorchCheckpoint.Load(_file, other);
        Assert.That(second.State(), Is.EqualTo(scaler.State()));
    }

    [TestCase("lr", null, "'param_groups[0].lr' must be a number. Actual value was None")]
    [TestCase("lr", -1.0, "LearningRate must be finite and at least 0")]
    [TestCase("betas", 0.5, "'param_groups[0].betas' must be 2 numbers. Actual value was 0.5")]
    [TestCase("amsgrad", 2L, "'param_groups[0].amsgrad' must be True or False. Actual value was 2")]
    [TestCase("decoupled_weight_decay", 2L, "'param_groups[0].decoupled_weight_decay' must be True or False. Actual value was 2")]
    [TestCase("cautious", true, "'param_groups[0].cautious' is none of AdamOptions")]
    [TestCase("params", 1L, "'param_groups[0].params' must have 1 parameters")]
    [TestCase("param_names", "p0", "'param_groups[0].param_names' must be 1 names")]
    public void OtherGroupsAreRefused(string key, object? value, string message)
    {
        using var adam = new Adam(Parameters(1));
        Write(State([], new() { ["lr"] = 0.25, ["params"] = new List<object?> { 0L }, [key] = value }));
        Refused(adam, message);
    }

    [TestCase("step", 2.5, "'step' of parameter 'p0', 'state[0].step', must be a whole number. Actual value was 2.5")]
    [TestCase("step", "3", "'step' of parameter 'p0', 'state[0].step', must be a whole number. Actual value was 3")]
    [TestCase("step", 0L, "step of parameter 'p0' must be at least 1")]
    [TestCase("exp_avg", null, "State 'exp_avg' of parameter 'p0' is missing")]
    [TestCase("exp_avg", 1L, "State 'exp_avg' of parameter 'p0', 'state[0].exp_avg', must be a tensor or None. Actual value was 1")]
    public void OtherStatesAreRefused(string key, object? value, string message)
    {
        using var adam = new Adam(Parameters(1));
        var state = Averages(1L);
        state[key] = value;
        Write(State(new() { [0L] = state }, new() { ["lr"] = 0.25, ["params"] = new List<object?> { 0L } }));
        Refused(adam, message);
    }

    [Test]
    public void OtherStructuresAreRefused()
    {
        using var adam = new Adam(Parameters(2));
        PickleDictionary Group(params IEnumerable<object?> numbers) => new() { ["lr"] = 0.25, ["params"] = numbers.ToList() };
        void RefusedOf(PickleDictionary root, string message)
        {
            Write(root);
            Refused(adam, message);
        }
        RefusedOf(State([], Group(0L, 0L)), "'param_groups[0].params[1]' must be a number or name of its own. Actual value was 0");
        RefusedOf(State([], Group(0L)), "'param_groups[0].params' must have 2 parameters, as the optimizer's group. Actual number was 1");
        RefusedOf(State(new() { [7L] = Averages(1L) }, Group(0L, 1L)), "'state' must have a dictionary for each number or name of a parameter. '7' is none");
        RefusedOf(new() { ["param_groups"] = null }, "An optimizer's state must have a dictionary 'state' and a list 'param_groups'");
        RefusedOf(new() { ["optimizer"] = State([], Group(0L, 1L)), ["net"] = new PickleDictionary() }, "must have parameters, by name in model or model_state_dict or state_dict, or a list 'params'. Actual entries were 'optimizer', 'net'");
        RefusedOf(new() { ["optimizer"] = State([], Group(0L, 1L)), ["params"] = Tensors(1) }, "List 'params' must have 2 tensors. Actual number was 1");
        RefusedOf(new() { ["optimizer"] = State([], Group(0L, 1L)), ["params"] = new List<object?> { 1L, 2L } }, "Parameter 'p0' must be a tensor. Actual value was 1");
        RefusedOf(new() { ["optimizer"] = 1L, ["params"] = Tensors(2) }, "must have an optimizer's state");
        PickleDictionary wide = new() { ["step"] = 1L, ["exp_avg"] = Tensor(3), ["exp_avg_sq"] = Tensor(3) };
        RefusedOf(State(new() { [0L] = wide }, Group(0L, 1L)), "State 'exp_avg' of parameter 'p0' must have shape [2]. Actual shape was [3]");
    }

    private Parameter[] Parameters(int count) => [.. Enumerable.Range(0, count).Select(i => _device.CreateParameter<float>($"p{i}", [2], [i, i + 1]))];

    private static List<object?> Tensors(int count) => [.. Enumerable.Range(1, count).Select(i => StateTensor.Create<float>([2], [10 * i, 10 * i + 1]))];

    private static StateTensor Tensor(int length) => StateTensor.Create<float>([length], new float[length]);

    private static PickleDictionary Averages(long step) =>
        new() { ["step"] = step, ["exp_avg"] = StateTensor.Create<float>([2], [1f, 2f]), ["exp_avg_sq"] = StateTensor.Create<float>([2], [3f, 4f]) };

    private static PickleDictionary State(PickleDictionary states, PickleDictionary group) => new() { ["state"] = states, ["param_groups"] = new List<object?> { group } };

    private void Write(PickleDictionary root)
    {
        var (pickle, tensors) = PickleWriter.Write(root);
        AtomicFile.Write(_file, stream => TorchArchiveWriter.Write(stream, pickle, tensors));
    }

    private void Refused(Optimizer optimizer, string message)
    {
        var rate = optimizer.Groups[0].LearningRate;
        Assert.That(() => TorchCheckpoint.Load(_file, optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(_file));
        Assert.That(optimizer.StateDictionary().Parameters, Is.Empty);
        Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(rate));
    }
}
