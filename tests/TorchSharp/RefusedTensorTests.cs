using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Tensors that cannot be taken are refused by name, before anything changes.</summary>
public sealed class RefusedTensorTests : TorchTest
{
    [Test]
    public void ParametersThatShareMemoryAreRefused()
    {
        using var whole = zeros(10);
        Parameter a = new(whole.narrow(0, 0, 6)), b = new(whole.narrow(0, 5, 5));
        Assert.That(() => Optimizer(("a", a), ("b", b)), Throws.ArgumentException.With.Message.StartsWith("Parameters must not share memory. 'a' and 'b' do."));
    }

    [Test]
    public void WhatCannotBeTakenIsRefusedByName()
    {
        Refused("Parameter 'bad' must be Float32, BFloat16 or Float16. Actual type was Float64.", new(zeros(3, float64)));
        Refused("Parameter 'bad' must be Float32, BFloat16 or Float16. Actual type was ComplexFloat32.", new(zeros(3, complex64)));
        Refused("Parameter 'bad' must be contiguous. Actual shape and strides were [3, 2] and [1, 3]", new(zeros(2, 3).t()));
        Refused("Parameter 'bad' must be contiguous. Actual shape and strides were [2] and [2]", new(zeros(4).as_strided([2], [2])));
        Refused("Parameter 'bad' must be dense. It is sparse", new(zeros(2, 3).to_sparse()));
        Refused("Parameter 'bad' must be on the device of the others. Actual device was meta", new(zeros([3], device: META)));
        var gone = Weight(1);
        gone.Dispose();
        Assert.That(() => Optimizer(("good", Weight(1)), ("bad", gone)), Throws.ArgumentException.With.Message.StartsWith("Parameter 'bad' must be there."));
        Assert.That(() => Optimizer(("bad", gone)), Throws.ArgumentException.With.Message.StartsWith("Parameter 'bad' must be there."));
        Assert.That(() => Optimizer(("bad", null!)), Throws.ArgumentException.With.Message.StartsWith("Parameter 'bad' must be there."));
        Assert.That(() => Array.Empty<(string, Parameter)>().Optimizer(Plain), Throws.ArgumentException.With.Message.StartsWith("parameters must hold at least one parameter."));
        Assert.That(() => new[] { ("v", Weight(1, 2)) }.Optimizer(new MuonOptions()), Throws.ArgumentException.With.Message.Contains("'v'"), "Muon on a vector");
    }

    [Test]
    public void AGradientThatCannotBeTakenIsRefusedBeforeAnythingChanges()
    {
        Parameter good = Weight(1, 2), bad = new(ones(2, 3));
        using var optimizer = Optimizer(("good", good), ("bad", bad));
        good.grad = ones(2);
        bad.grad = ones(3, 2).t();
        Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("The gradient of parameter 'bad' must be contiguous. Actual shape and strides were [2, 3] and [1, 2]"));
        bad.grad = ones(2, 3).to_sparse();
        Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("The gradient of parameter 'bad' must be dense."));
        using (no_grad())
            bad.grad = bad.view(2, 3);
        Assert.That(() => optimizer.step(), Throws.ArgumentException.With.Message.Contains("'bad' must not share memory with its data"));
        Assert.That(Values(good), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(optimizer.Inner.StateDictionary().Parameters, Is.Empty);
        bad.grad = ones(2, 3);
        optimizer.step();
        Assert.That(Values(good), Is.EqualTo(new float[] { 0, 1 }));
        Assert.That(Values(bad), Is.All.EqualTo(0f));
    }

    /// <summary>TorchSharp lets any tensor be a gradient.</summary>
    [Test]
    public void AGradientOfAnotherKindIsRefusedBeforeAnythingChanges()
    {
        Parameter good = Weight(1, 2), bad = new(zeros(2, 3));
        using var optimizer = Optimizer(("good", good), ("bad", bad));
        foreach (var gradient in (Tensor[])[ones(2, 3, float64), ones(2, 3, bfloat16), ones(1), ones(7)])
        {
            good.grad = ones(2);
            bad.grad = gradient;
            Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("The gradient of parameter 'bad' must be Float32 of shape [2, 3], on cpu. Actual one was "));
            Assert.That(() => optimizer.zero_grad(), Throws.TypeOf<NotSupportedException>());
            Assert.That(Values(good), Is.EqualTo(new float[] { 1, 2 }));
        }
        optimizer.zero_grad(set_to_none: true);
        Assert.That(optimizer.Inner.Parameters.Select(parameter => parameter.HasGradient), Is.All.False);
    }

    [Test]
    public void AParameterThatIsSeenOtherwiseIsRefusedByName()
    {
        Parameter turned = new(arange(6, float32).view(2, 3)), cut = Weight(1, 2, 3, 4), other = Weight(1, 2);
        using var optimizer = Optimizer(("turned", turned), ("cut", cut), ("other", other));
        using var withoutGradients = no_grad();
        turned.transpose_(0, 1);
        Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("Parameter 'turned' must be contiguous."));
        turned.transpose_(0, 1);
        cut.set_(cut.narrow(0, 0, 2));
        Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("Parameter 'cut' must stay Float32 of shape [4]. It is Float32 of shape [2] now"));
    }

    /// <summary>Rows of an embedding that is looked up sparsely, as programs come by sparse gradients.</summary>
    [Test]
    public void ASparseEmbeddingIsRefusedAndADenseOneTaken()
    {
        foreach (var isSparse in new[] { true, false })
        {
            using var embedding = nn.Embedding(10, 4, sparse: isSparse);
            using var optimizer = embedding.Sgd(Plain);
            embedding.call(tensor(new long[] { 1, 3 })).sum().backward();
            var before = Values(embedding.weight!);
            if (isSparse)
                Assert.That(() => optimizer.step(), Throws.TypeOf<NotSupportedException>().With.Message.Contains("'weight' must be dense"));
            else
                optimizer.step();
            Assert.That(Values(embedding.weight!).SequenceEqual(before), Is.EqualTo(isSparse));
        }
    }

    [Test]
    public void AModelThatBecameAnotherIsRefusedByName()
    {
        using var model = nn.Sequential(("first", nn.Linear(3, 4)), ("second", nn.Linear(4, 2)));
        using var optimizer = model.AdamW();
        model.to(float32);
        Step(model, optimizer, float32);
        model.to(bfloat16);
        Assert.That(
            () => Step(model, optimizer, bfloat16),
            Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'first.weight'").And.Message.Contains("make the optimizer after"));
        Assert.That(() => optimizer.state_dict(), Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'first.weight'"));
        Assert.That(() => optimizer.zero_grad(true), Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'first.weight'"));
        Assert.That(() => optimizer.SaveCheckpoint("never.pt"), Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'first.weight'"));
        Assert.That(() => Checkpoint.Save("never.safetensors", optimizer.Inner), Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'first.weight'"));
        using var anew = model.AdamW();
        Step(model, anew, bfloat16);
        Assert.That(anew.Inner.Parameters.Select(parameter => parameter.ElementType), Is.All.EqualTo(ElementType.BFloat16));
    }

    [Test]
    public void AMissingParameterIsNamed()
    {
        var weight = Weight(1);
        using var optimizer = Optimizer(("gone", weight));
        weight.Dispose();
        Assert.That(() => optimizer.step(), Throws.TypeOf<ObjectDisposedException>().With.Message.StartsWith("Parameter 'gone' was disposed of"));
        optimizer.Dispose();
        Assert.That(() => optimizer.step(), Throws.TypeOf<ObjectDisposedException>());
        optimizer.Dispose();
    }

    private static void Refused(string message, Parameter bad)
    {
        var good = Weight(1);
        Assert.That(() => Optimizer(("good", good), ("bad", bad)), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith(message));
    }

    private static void Step(nn.Module<Tensor, Tensor> model, TorchOptimizer optimizer, ScalarType type)
    {
        using var scope = NewDisposeScope();
        model.call(ones(1, 3, type)).sum().backward();
        optimizer.step();
    }
}
