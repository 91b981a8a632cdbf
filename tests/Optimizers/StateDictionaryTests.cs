using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

public sealed class StateDictionaryTests
{
    private SimdDevice _device = null!;
    private RandomModel<float> _model = null!;

    [SetUp]
    public void Open()
    {
        _device = new SimdDevice();
        _model = new RandomModel<float>(_device, [4, 6]);
        _model.NextGradients();
    }

    [TearDown]
    public void Close()
    {
        _model.Dispose();
        _device.Dispose();
    }

    [Test]
    public void HasPyTorchsNames()
    {
        (Optimizer Optimizer, string[] Names)[] cases =
        [
            (new Sgd(_model.Parameters, new() { Momentum = 0.9 }), ["momentum_buffer"]),
            (new Sgd(_model.Parameters), []),
            (new RmsProp(_model.Parameters), ["step", "square_avg"]),
            (new RmsProp(_model.Parameters, new() { Centered = true, Momentum = 0.9 }), ["step", "square_avg", "grad_avg", "momentum_buffer"]),
            (new Adam(_model.Parameters), ["step", "exp_avg", "exp_avg_sq"]),
            (new AdamW(_model.Parameters, new() { Amsgrad = true }), ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]),
        ];
        foreach (var (optimizer, names) in cases)
        {
            Assert.That(optimizer.StateDictionary().Parameters, Is.Empty);
            optimizer.Step();
            Assert.That(optimizer.StateDictionary()["p1"].Names, Is.EqualTo(names));
            optimizer.Dispose();
        }
    }

    [Test]
    public void IsACopy()
    {
        using var adam = new Adam(_model.Parameters);
        adam.Step();
        var state = adam.StateDictionary();
        var before = state["p0"]["exp_avg"].Values<float>().ToArray();
        adam.Step();
        Assert.That(state["p0"]["exp_avg"].Values<float>().ToArray(), Is.EqualTo(before));
        Assert.That(state["p0"].Step, Is.EqualTo(1));
        Assert.That(() => state["p0"]["exp_avg"].Values<Half>().Length, Throws.InvalidOperationException.With.Message.Contains("The tensor's element type is Float32. Actual type asked for was Half."));
    }

    /// <summary>Codes are what lies in memory; who wants to look at numbers has them decoded. Any byte is a code.</summary>
    [TestCase(StatePrecision.BFloat16, ElementType.BFloat16)]
    [TestCase(StatePrecision.Float16, ElementType.Float16)]
    [TestCase(StatePrecision.Blockwise8, ElementType.UInt8)]
    public void HasCodesOrWhatTheyStandFor(StatePrecision precision, ElementType type)
    {
        using PrecisionRun run = new(new AdamWOptions { StatePrecision = precision, ParameterRounding = ParameterRounding.MasterRemainder }), exact = new(new AdamWOptions { StatePrecision = StatePrecision.Float32, ParameterRounding = ParameterRounding.MasterRemainder });
        StateDictionary state = run.Train(0, 1).Optimizer.StateDictionary(), decoded = run.Optimizer.StateDictionary(decoded: true), floats = exact.Train(0, 1).Optimizer.StateDictionary();
        string[] scales = precision == StatePrecision.BFloat16 ? [] : ["exp_avg_scale", "exp_avg_sq_scale"];
        Assert.That(state["narrow"].Names, Is.EqualTo(["step", "exp_avg", "exp_avg_sq", .. scales, "remainder"]));
        Assert.That(decoded["narrow"].Names, Is.EqualTo(["step", "exp_avg", "exp_avg_sq", "remainder"]));
        Assert.That((state["wide"]["exp_avg"].ElementType, decoded["wide"]["exp_avg"].ElementType), Is.EqualTo((type, ElementType.Float32)));
        Assert.That(decoded["narrow"]["remainder"].Values<ushort>().ToArray(), Is.EqualTo(state["narrow"]["remainder"].Values<ushort>().ToArray()).And.Some.Not.Zero);
        foreach (var name in (string[])["exp_avg", "exp_avg_sq"])
        {
            var most = floats["wide"][name].Values<float>().ToArray().Max() / 20;
            Assert.That(decoded["wide"][name].Values<float>().ToArray(), Is.EqualTo(floats["wide"][name].Values<float>().ToArray()).Within(most).And.Some.Not.Zero);
            Assert.That(decoded["small"][name].Values<float>().ToArray(), Is.EqualTo(floats["small"][name].Values<float>().ToArray()));
        }
        if (precision == StatePrecision.Blockwise8)
        {
            var codes = Enumerable.Range(0, 600).Select(i => (byte)i).ToArray();
            var tensors = state["wide"].Tensors.ToDictionary();
            tensors["exp_avg"] = StateTensor.Create<byte>([20, 30], codes);
            run.Optimizer.Load(state with { Parameters = new Dictionary<string, ParameterState>(state.Parameters) { ["wide"] = state["wide"] with { Tensors = tensors } } });
            Assert.That(run.Optimizer.StateDictionary()["wide"]["exp_avg"].Values<byte>().ToArray(), Is.EqualTo(codes));
            Assert.That(run.Optimizer.StateDictionary(decoded: true)["wide"]["exp_avg"].Values<float>().ToArray(), Is.All.Matches<float>(float.IsFinite));
            Assert.That(() => run.Optimizer.Load(decoded), Throws.ArgumentException.With.Message.Contains("State 'exp_avg' of parameter 'wide' must be UInt8. Actual type was Float32."));
        }
    }

    [Test]
    public void LoadTakesHyperParametersAndForgetsWhatTheStateDoesNotHave()
    {
        using var adam = new Adam(_model.Parameters, new() { LearningRate = 0.5 });
        var fresh = adam.StateDictionary();
        var before = _model.Data();
        adam.Step();
        var after = _model.Data();
        adam.Groups[0].LearningRate = 0.1;

        adam.Load(fresh);
        for (var i = 0; i < before.Length; i++)
            _model.Parameters[i].Data.CopyFrom(before[i]);
        adam.Step();

        Assert.That(adam.Groups[0].LearningRate, Is.EqualTo(0.5));
        StepTests.AssertSame(_model.Data(), after);
    }

    [Test]
    public void LoadFindsParametersByNameNotByOrder()
    {
        using var adam = new Adam(_model.Parameters);
        adam.Step();
        using var other = new RandomModel<float>(_device, [4, 6]);
        using var reversed = new Adam(other.Parameters.Reverse());
        reversed.Load(adam.StateDictionary());
        var state = reversed.StateDictionary();
        Assert.That(state["p1"]["exp_avg"].Values<float>().ToArray(), Is.EqualTo(adam.StateDictionary()["p1"]["exp_avg"].Values<float>().ToArray()));
        Assert.That(state["p0"].Step, Is.EqualTo(1));
    }

    private static IEnumerable<TestCaseData> Foreign()
    {
        static StateDictionary With(StateDictionary state, Func<ParameterState, ParameterState> change) =>
            state with { Parameters = state.Parameters.ToDictionary(pair => pair.Key, pair => pair.Key == "p1" ? change(pair.Value) : pair.Value) };
        static ParameterState Tensor(ParameterState state, string name, StateTensor? tensor)
        {
            var tensors = state.Tensors.ToDictionary();
            if (tensor is null)
                tensors.Remove(name);
            else
                tensors[name] = tensor;
            return state with { Tensors = tensors };
        }
        TestCaseData Case(string name, Func<StateDictionary, StateDictionary> change, string message) => new TestCaseData(change, message).SetArgDisplayNames(name);

        yield return Case("another optimizer", state => state with { Groups = [state.Groups[0] with { Optimizer = "AdamW" }] }, "Group 0 of state must be of optimizer Adam. Actual optimizer was AdamW.");
        yield return Case("more groups", state => state with { Groups = [.. state.Groups, state.Groups[0]] }, "state must have 1 parameter groups, as the optimizer has. Actual number was 2.");
        yield return Case("other options", state => state with { Groups = [state.Groups[0] with { Options = new SgdOptions() }] }, "Group 0 of state must have AdamOptions. Actual type was SgdOptions.");
        yield return Case("other precision", state => state with { Groups = [state.Groups[0] with { Options = new AdamOptions { StatePrecision = StatePrecision.Float32 } }] }, "StatePrecision of group 0 must be SameAsParameter, as the optimizer's. Actual value in state was Float32; of a file, LoadOptions.Convert takes it.");
        yield return Case("a parameter more", state => state with { Groups = [state.Groups[0] with { Parameters = ["p0", "p1", "p2"] }] }, "Parameter 'p2' is in group 0 of state but not of the optimizer.");
        yield return Case("a parameter less", state => state with { Groups = [state.Groups[0] with { Parameters = ["p0"] }] }, "Parameter 'p1' is in group 0 of the optimizer but not of state.");
        yield return Case("state of a stranger", state => state with { Parameters = state.Parameters.Append(new("x", state["p0"])).ToDictionary() }, "State is given for parameter 'x', which the optimizer does not have.");
        yield return Case("no step", state => With(state, each => each with { Step = null }), "step of parameter 'p1' must be at least 1. Actual value was missing.");
        yield return Case("step zero", state => With(state, each => each with { Step = 0 }), "step of parameter 'p1' must be at least 1. Actual value was 0.");
        yield return Case("a tensor more", state => With(state, each => Tensor(each, "momentum", each["exp_avg"])), "State 'momentum' of parameter 'p1' is none of Adam's: exp_avg, exp_avg_sq, max_exp_avg_sq.");
        yield return Case("a tensor less", state => With(state, each => Tensor(each, "exp_avg_sq", null)), "State 'exp_avg_sq' of parameter 'p1' is missing.");
        yield return Case("another shape", state => With(state, each => Tensor(each, "exp_avg", StateTensor.Create<float>([2, 3], new float[6]))), "State 'exp_avg' of parameter 'p1' must have shape [6]. Actual shape was [2, 3].");
        yield return Case("another type", state => With(state, each => Tensor(each, "exp_avg", StateTensor.Create<Half>([6], new Half[6]))), "State 'exp_avg' of parameter 'p1' must be Float32. Actual type was Float16.");
    }

    [TestCaseSource(nameof(Foreign))]
    public void WhatDoesNotFitIsRefusedAndChangesNothing(Func<StateDictionary, StateDictionary> change, string message)
    {
        using var adam = new Adam(_model.Parameters, new() { LearningRate = 0.25 });
        adam.Step();
        var foreign = change(adam.StateDictionary());
        adam.Step();
        adam.Groups[0].LearningRate = 0.75;
        var before = adam.StateDictionary();

        Assert.That(() => adam.Load(foreign), Throws.ArgumentException.With.Message.Contains(message).And.Property("ParamName").EqualTo("state"));

        var after = adam.StateDictionary();
        Assert.That(adam.Groups[0].LearningRate, Is.EqualTo(0.75));
        foreach (var (name, state) in before.Parameters)
        {
            Assert.That(after[name].Step, Is.EqualTo(state.Step));
            foreach (var (slot, tensor) in state.Tensors)
                Bits.AreEqual(after[name][slot].Values<float>(), tensor.Values<float>(), slot);
        }
    }

    [Test]
    public void NullAndWrongCountsAreRefused()
    {
        using var adam = new Adam(_model.Parameters);
        Assert.That(() => adam.Load(null!), Throws.ArgumentNullException);
        Assert.That(() => StateTensor.Create<float>([2, 2], new float[3]), Throws.ArgumentException.With.Message.Contains("A tensor of shape [2, 2] must have 4 values. Actual number was 3."));
    }
}
