using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>What tensors do between steps: they come and go, move, are views.</summary>
public sealed class TensorTests : TorchTest
{
    [Test]
    public void StepsOnTheTensorsOwnMemory()
    {
        var weight = Weight(1, 2, 3);
        using var optimizer = Optimizer(("w", weight));
        weight.grad = tensor(new float[] { 1, 1, 1 });
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { 0, 1, 2 }));
        // Written by libtorch, seen here.
        using (no_grad())
            weight.fill_(5);
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { 4, 4, 4 }));
    }

    [Test]
    public void FindsGradientsThatComeGoAndMove()
    {
        var weight = Weight(0);
        using var optimizer = Optimizer(("w", weight));
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { 0 }), "without a gradient");
        for (var i = 1; i <= 5; i++)
        {
            (weight * i).sum().backward();
            optimizer.step();
            optimizer.zero_grad(set_to_none: true);
            Assert.That((object?)weight.grad, Is.Null);
            using var elsewhere = ones(1000 * i);
        }
        Assert.That(Values(weight), Is.EqualTo(new float[] { -15 }));
        // Accumulated by autograd, in place.
        (weight * 2).sum().backward();
        (weight * 3).sum().backward();
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { -20 }));
        optimizer.zero_grad();
        Assert.That(Values(weight.grad!), Is.EqualTo(new float[] { 0 }));
        optimizer.zero_grad(set_to_none: true);
        optimizer.zero_grad();
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { -20 }));
    }

    [Test]
    public void AFrozenParameterStaysWithItsStateUntilItThaws()
    {
        Parameter weight = Weight(1), other = Weight(1);
        using var optimizer = new[] { ("w", weight), ("v", other) }.Optimizer(new AdamWOptions());
        for (var i = 0; i < 9; i++)
        {
            weight.requires_grad = i % 3 != 1;
            if (!weight.requires_grad)
                weight.grad = null;
            var before = Values(weight)[0];
            (weight.square() + other.square()).sum().backward();
            optimizer.step();
            optimizer.zero_grad(set_to_none: true);
            Assert.That(Values(weight)[0] == before, Is.EqualTo(!weight.requires_grad));
        }
        var state = optimizer.Inner.StateDictionary();
        Assert.That((state["w"].Step, state["v"].Step), Is.EqualTo((6, 9)));
    }

    [Test]
    public void AViewIsUpdatedWhereItLies()
    {
        using var whole = arange(6, float32);
        var part = new Parameter(whole.narrow(0, 2, 3));
        using var optimizer = Optimizer(("part", part));
        part.grad = ones(3);
        optimizer.step();
        Assert.That(Values(whole), Is.EqualTo(new float[] { 0, 1, 1, 2, 3, 5 }));
    }

    [Test]
    public void TheDataOfAParameterMayMove()
    {
        var weight = Weight(1, 2);
        using var optimizer = new[] { ("w", weight) }.Optimizer(new SgdOptions { LearningRate = 1, Momentum = 0.5 });
        weight.grad = ones(2);
        optimizer.step();
        using var elsewhere = tensor(new float[] { 10, 20 });
        using (no_grad())
            weight.set_(elsewhere);
        optimizer.step();
        Assert.That(Values(elsewhere), Is.EqualTo(new float[] { 8.5f, 18.5f }));
        Assert.That(Values(weight), Is.EqualTo(Values(elsewhere)));
    }

    [Test]
    public void TiedWeightsAreOneParameter()
    {
        var weight = Weight(1, 1);
        using var optimizer = Optimizer(("encoder.weight", weight), ("decoder.weight", weight));
        Assert.That(optimizer.Inner.Parameters.Select(parameter => parameter.Name), Is.EqualTo(new[] { "encoder.weight" }));
        weight.grad = ones(2);
        optimizer.step();
        Assert.That(Values(weight), Is.EqualTo(new float[] { 0, 0 }));
    }

    /// <summary>Averages and checkpoints take parameters where they are, too.</summary>
    [Test]
    public void WhatIsMovedIsFoundOutsideOfStepsToo()
    {
        var weight = Weight(1, 2);
        using var optimizer = Optimizer(("w", weight));
        using var average = WeightAverage.Exponential(optimizer.Inner.Parameters);
        var file = Path.GetTempFileName();
        using (no_grad())
            weight.set_(tensor(new float[] { 10, 20 }));
        average.Update();
        Assert.That(((GpuOptim.Host.Parameter<float>)average.Averages[0]).Data.ToArray(), Is.EqualTo(new float[] { 10, 20 }));
        Checkpoint.Save(file, optimizer.Inner);
        using (no_grad())
            weight.set_(tensor(new float[] { 5, 5 }));
        Checkpoint.Load(file, optimizer.Inner);
        Assert.That(Values(weight), Is.EqualTo(new float[] { 10, 20 }));
        using (no_grad())
            weight.set_(tensor(new float[] { 7, 8 }));
        optimizer.SaveCheckpoint(file);
        using (no_grad())
            weight.set_(tensor(new float[] { 5, 5 }));
        optimizer.LoadCheckpoint(file);
        Assert.That(Values(weight), Is.EqualTo(new float[] { 7, 8 }));
        File.Delete(file);
        weight.Dispose();
        Assert.That(average.Update, Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'w'"));
        Assert.That(average.Swap, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void AStateDictionaryOfTheModelIsLoadedInPlace()
    {
        using var model = nn.Linear(3, 2);
        using var source = nn.Linear(3, 2);
        using var optimizer = model.Sgd(Plain);
        model.weight!.grad = ones(2, 3);
        optimizer.step();
        model.load_state_dict(source.state_dict());
        optimizer.step();
        Assert.That(Values(model.weight), Is.EqualTo(Values(source.weight!).Select(value => value - 1)));
    }

    [Test]
    public void TenThousandParametersAreTaken()
    {
        (string, Parameter)[] parameters = [.. Enumerable.Range(0, 10_000).Select(i => ($"p{i}", Weight(i, 1)))];
        using var optimizer = parameters.Optimizer(Plain);
        for (var i = 0; i < parameters.Length; i += 2)
            parameters[i].Item2.grad = ones(2);
        optimizer.step();
        for (var i = 0; i < parameters.Length; i++)
            Assert.That(Values(parameters[i].Item2)[0], Is.EqualTo(i - (i + 1) % 2));
    }
}
