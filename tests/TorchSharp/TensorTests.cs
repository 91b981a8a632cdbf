using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>What tensors do between steps: they come and go, move, are views, of other types and layouts. Taken rightly, or refused by name before anything changes.</summary>
public sealed class TensorTests : TorchTest
{
    private static readonly SgdOptions _plain = new() { LearningRate = 1 };

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
        Assert.That(() => Array.Empty<(string, Parameter)>().Optimizer(_plain), Throws.ArgumentException.With.Message.StartsWith("parameters must hold at least one parameter."));
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

    /// <summary>Rows of an embedding that is looked up sparsely, as programs come by sparse gradients.</summary>
    [Test]
    public void ASparseEmbeddingIsRefusedAndADenseOneTaken()
    {
        foreach (var isSparse in new[] { true, false })
        {
            using var embedding = nn.Embedding(10, 4, sparse: isSparse);
            using var optimizer = embedding.Sgd(_plain);
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
    public void AStateDictionaryOfTheModelIsLoadedInPlace()
    {
        using var model = nn.Linear(3, 2);
        using var source = nn.Linear(3, 2);
        using var optimizer = model.Sgd(_plain);
        model.weight!.grad = ones(2, 3);
        optimizer.step();
        model.load_state_dict(source.state_dict());
        optimizer.step();
        Assert.That(Values(model.weight), Is.EqualTo(Values(source.weight!).Select(value => value - 1)));
    }

    /// <summary>Scopes that dispose of every tensor made in them, and garbage collections, whenever they come.</summary>
    [Test]
    public void ScopesAndCollectionsDoNoHarm()
    {
        using var model = nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2)));
        using var twin = nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2)));
        twin.load_state_dict(model.state_dict());
        using var x = randn(8, 30);
        var optimizer = MakeInAScope(model);
        using var expected = twin.AdamW();
        var tensors = LiveTensors();
        for (var i = 0; i < 30; i++)
        {
            using (NewDisposeScope())
            {
                model.call(x).square().mean().backward();
                GC.Collect();
                optimizer.step();
                optimizer.zero_grad(set_to_none: i % 2 == 0);
            }
            using (NewDisposeScope())
            {
                twin.call(x).square().mean().backward();
                expected.step();
                expected.zero_grad();
            }
        }
        Assert.That(LiveTensors(), Is.LessThanOrEqualTo(tensors));
        Assert.That(Values(model.get_parameter("first.weight")!), Is.EqualTo(Values(twin.get_parameter("first.weight")!)));
        optimizer.Dispose();

        static TorchOptimizer MakeInAScope(nn.Module model)
        {
            using var scope = NewDisposeScope();
            return model.AdamW();
        }
    }

    [Test]
    public void TenThousandStepsLeakNothing()
    {
        using var model = nn.Linear(64, 64);
        using var optimizer = model.AdamW();
        using var x = randn(4, 64);
        Train(1000);
        var (tensors, memory, bytes) = (LiveTensors(), GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
        Train(10_000);
        Assert.That(LiveTensors(), Is.LessThanOrEqualTo(tensors));
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - memory, Is.LessThan(1 << 20));
        Assert.That(Environment.WorkingSet - bytes, Is.LessThan(64 << 20), "a leak of the gradients would be 166 MB");

        void Train(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                using var scope = NewDisposeScope();
                model.call(x).square().mean().backward();
                optimizer.step();
                optimizer.zero_grad(set_to_none: true);
            }
        }
    }

    [Test]
    public void TenThousandParametersAreTaken()
    {
        (string, Parameter)[] parameters = [.. Enumerable.Range(0, 10_000).Select(i => ($"p{i}", Weight(i, 1)))];
        using var optimizer = parameters.Optimizer(_plain);
        for (var i = 0; i < parameters.Length; i += 2)
            parameters[i].Item2.grad = ones(2);
        optimizer.step();
        for (var i = 0; i < parameters.Length; i++)
            Assert.That(Values(parameters[i].Item2)[0], Is.EqualTo(i - (i + 1) % 2));
    }

    [Test]
    public void AStepAllocatesWhatTheGradientPropertyDoes()
    {
        (string, Parameter)[] parameters = [.. Enumerable.Range(0, 100).Select(i => ($"p{i}", Weight(i, 1)))];
        foreach (var (_, parameter) in parameters)
            parameter.grad = ones(2);
        using var optimizer = parameters.Optimizer(new AdamWOptions());
        for (var i = 0; i < 3; i++)
            optimizer.step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (_, parameter) in parameters)
            parameter.grad!.Dispose();
        var property = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        optimizer.step();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.EqualTo(property));
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

    internal static float[] Values(Tensor tensor)
    {
        using var floats = tensor.detach().to(float32).contiguous();
        return floats.data<float>().ToArray();
    }

    /// <summary>Tensors of managed code, once those of other tests are gone.</summary>
    private static long LiveTensors()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Tensor.TotalCount;
    }

    private static Parameter Weight(params float[] values) => new(tensor(values));

    private static TorchOptimizer<Optimizer> Optimizer(params (string, Parameter)[] parameters) => parameters.Optimizer(_plain);

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
