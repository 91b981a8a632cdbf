using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

public sealed class ModelOptimizerTests
{
    private SimdDevice _device = null!;
    private Parameter<float>[] _parameters = null!;

    [SetUp]
    public void Open()
    {
        _device = new SimdDevice();
        _parameters = Model();
    }

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void EveryParameterIsTrainedByItsAlgorithm()
    {
        var alone = Model();
        using var model = Create(_parameters);
        using var muon = new Muon([alone[1], alone[3]], new() { LearningRate = 0.02 });
        using var adamW = new AdamW([alone[0]], new() { LearningRate = 1e-3 });
        adamW.AddGroup([alone[2], alone[4]], new() { WeightDecay = 0 });
        for (var t = 0; t < 5; t++)
        {
            Gradients(_parameters, t);
            Gradients(alone, t);
            model.Step();
            muon.Step();
            adamW.Step();
        }
        StepTests.AssertSame<float>([.. _parameters.Select(parameter => parameter.Data.ToArray())], [.. alone.Select(parameter => parameter.Data.ToArray())]);
        Assert.That(model.Optimizers.Select(optimizer => optimizer.GetType()), Is.EqualTo(new[] { typeof(Muon), typeof(AdamW) }));
        Assert.That(model.Groups, Has.Count.EqualTo(3));
        Assert.That(model.Parameters, Is.EquivalentTo(_parameters));
    }

    [Test]
    public void ExplainsItself()
    {
        using var model = Create(_parameters);
        Assert.That(model.Explain().ReplaceLineEndings("\n"), Is.EqualTo(
            """
            parameter        shape    trained by  because
            blocks.0.weight  [8, 6]   Muon        hidden matrices
            blocks.1.weight  [6, 8]   Muon        hidden matrices
            embed.weight     [10, 8]  AdamW       named embed.*
            blocks.0.bias    [8]      AdamW       the rest
            blocks.1.bias    [6]      AdamW       the rest

            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void ZeroGradientsReachesEveryone()
    {
        using var model = Create(_parameters);
        Gradients(_parameters, 1);
        model.ZeroGradients();
        Assert.That(_parameters.SelectMany(parameter => parameter.Gradient.ToArray()), Has.All.EqualTo(0f));
    }

    [Test]
    public void ResumesToTheBit()
    {
        var other = Model();
        using var unbroken = Create(_parameters);
        var stopped = Create(other);
        for (var t = 0; t < 6; t++)
        {
            if (t == 3)
            {
                var state = stopped.StateDictionary();
                Assert.That(state.Groups.Select(group => group.Optimizer), Is.EqualTo(new[] { "Muon", "AdamW", "AdamW" }));
                stopped.Dispose();
                stopped = Create(other);
                stopped.Load(state);
            }
            Gradients(_parameters, t);
            Gradients(other, t);
            unbroken.Step();
            stopped.Step();
        }
        stopped.Dispose();
        StepTests.AssertSame<float>([.. other.Select(parameter => parameter.Data.ToArray())], [.. _parameters.Select(parameter => parameter.Data.ToArray())]);
    }

    [Test]
    public void AForeignStateIsRefusedWhole()
    {
        using var model = Create(_parameters);
        Gradients(_parameters, 1);
        model.Step();
        var state = model.StateDictionary();
        var foreign = state with { Parameters = state.Parameters.Where(pair => pair.Key != "embed.weight").Append(new("embed.weight", new(null, state["embed.weight"].Tensors))).ToDictionary() };
        var momentum = state["blocks.0.weight"]["momentum_buffer"].Values<float>().ToArray();
        model.Step();
        var before = model.StateDictionary()["blocks.0.weight"]["momentum_buffer"].Values<float>().ToArray();
        Assert.That(before, Is.Not.EqualTo(momentum));

        Assert.That(() => model.Load(foreign), Throws.ArgumentException.With.Message.Contains("step of parameter 'embed.weight' must be at least 1."));
        Assert.That(model.StateDictionary()["blocks.0.weight"]["momentum_buffer"].Values<float>().ToArray(), Is.EqualTo(before));
        Assert.That(() => model.Load(state with { Groups = [state.Groups[0]] }), Throws.ArgumentException.With.Message.Contains("state must have 3 parameter groups"));
        Assert.That(() => model.Load(state with { Groups = [state.Groups[1], state.Groups[0], state.Groups[2]] }), Throws.ArgumentException.With.Message.Contains("Group 0 of state must be of optimizer Muon. Actual optimizer was AdamW."));
        Assert.That(() => model.Load(state with { Parameters = state.Parameters.Append(new("x", state["embed.weight"])).ToDictionary() }), Throws.ArgumentException.With.Message.Contains("State is given for parameter 'x'"));
    }

    [Test]
    public void ARefusedStepChangesNothing()
    {
        using var model = Create(_parameters);
        Gradients(_parameters, 1);
        model.Step();
        var before = _parameters[1].Data.ToArray();
        _parameters[0].Gradient.Dispose();
        Assert.That(model.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(_parameters[1].Data.ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void GroupsAreAddedLater()
    {
        using var model = Create(_parameters);
        var late = _device.CreateParameter("late", [4, 4]);
        var group = model.AddGroup([late], new MuonOptions { LearningRate = 0.5 });
        Assert.That(group.LearningRate, Is.EqualTo(0.5));
        Assert.That(model.Optimizers, Has.Count.EqualTo(2));
        Assert.That(model.Explain(), Does.Match("late +\\[4, 4\\] +Muon +added later"));
        Assert.That(() => model.AddGroup([late], new SgdOptions()), Throws.ArgumentException.With.Message.Contains("Parameter 'late' must be given once."));
        Assert.That(() => model.Optimizers[0].AddGroup([_device.CreateParameter("x", [2, 2])], new SgdOptions()), Throws.ArgumentException.With.Message.Contains("options must be MuonOptions. Actual type was SgdOptions."));
    }

    [Test]
    public void NothingIsAssignedSilently()
    {
        var muon = Assignment.Named("*.weight", new MuonOptions());
        var biases = Assignment.Named("*.bias", new AdamWOptions());
        Assert.That(() => new ModelOptimizer(_parameters, muon), Throws.ArgumentException.With.Message.Contains("'blocks.0.bias' of shape [8] is taken by no assignment."));
        Assert.That(() => new ModelOptimizer(_parameters, muon, biases, Assignment.Named("embed.*", new AdamWOptions())), Throws.ArgumentException.With.Message.Contains("'embed.weight' of shape [10, 8] is taken by 'named *.weight' and 'named embed.*'."));
        Assert.That(() => new ModelOptimizer(_parameters, Assignment.Rest(new AdamOptions()), Assignment.Rest(new SgdOptions())), Throws.ArgumentException.With.Message.Contains("is taken by 'the rest' and 'the rest'."));
        Assert.That(() => new ModelOptimizer(_parameters, Assignment.Named("*", new MuonOptions())), Throws.ArgumentException.With.Message.Contains("Muon must be given matrices. Parameter 'blocks.0.bias' has shape [8]"));
        Assert.That(() => new ModelOptimizer(_parameters, muon, biases, Assignment.Named("typo.*", new AdamWOptions())), Throws.ArgumentException.With.Message.Contains("Every assignment must take a parameter. That of 'named typo.*' takes none."));
        Assert.That(() => new ModelOptimizer([], muon), Throws.ArgumentException.With.Message.Contains("parameters must hold at least one parameter."));
        Assert.That(() => new ModelOptimizer([_parameters[0], _parameters[0]], muon), Throws.ArgumentException.With.Message.Contains("must be given once"));
    }

    [Test]
    public void UseAfterDispose()
    {
        var model = Create(_parameters);
        var child = model.Optimizers[0];
        model.Dispose();
        Assert.That(child.IsDisposed);
        Assert.That(model.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(model.StateDictionary, Throws.TypeOf<ObjectDisposedException>());
    }

    private static ModelOptimizer Create(IEnumerable<Parameter> parameters) => new(
        parameters,
        Assignment.Where("hidden matrices", parameter => parameter.Shape.Count == 2 && parameter.Name.StartsWith("blocks", StringComparison.Ordinal), new MuonOptions { LearningRate = 0.02 }),
        Assignment.Named("embed.*", new AdamWOptions { LearningRate = 1e-3 }),
        Assignment.Rest(new AdamWOptions { WeightDecay = 0 }));

    private static void Gradients(IEnumerable<Parameter<float>> parameters, int step)
    {
        var random = new Random(step);
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom([.. Enumerable.Range(0, (int)parameter.Length).Select(_ => random.NextSingle() - 0.5f)]);
    }

    private Parameter<float>[] Model() =>
    [
        _device.CreateParameter<float>("embed.weight", [10, 8], [.. Enumerable.Range(0, 80).Select(i => i * 0.01f)]),
        _device.CreateParameter<float>("blocks.0.weight", [8, 6], [.. Enumerable.Range(0, 48).Select(i => i * -0.02f)]),
        _device.CreateParameter("blocks.0.bias", [8]),
        _device.CreateParameter<float>("blocks.1.weight", [6, 8], [.. Enumerable.Range(0, 48).Select(i => i * 0.03f)]),
        _device.CreateParameter("blocks.1.bias", [6]),
    ];
}
