using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Extensions;
using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using Modules = TorchSharp.Modules;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Clipping, scaling, averages, schedules, groups, closures, on TorchSharp's tensors.</summary>
public sealed class AroundTheStepTests : TorchTest
{
    [Test]
    public void GradientsAreClippedAsPyTorchClipsThem()
    {
        manual_seed(1);
        using var model = nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2)));
        using var twin = Copy(model, nn.Sequential(("first", nn.Linear(30, 40)), ("second", nn.Linear(40, 2))));
        using var x = randn(8, 30);
        using var optimizer = model.Sgd(new() { LearningRate = 0.1 });
        using var expected = twin.Sgd(new() { LearningRate = 0.1 });
        optimizer.Inner.GradientClipping = GradientClipping.ByNorm(0.01);
        for (var i = 0; i < 5; i++)
        {
            Backward(model, x);
            Backward(twin, x);
            var norm = nn.utils.clip_grad_norm_(twin.parameters(), 0.01);
            optimizer.step();
            expected.step();
            Assert.That(optimizer.Inner.ReadGradientNorm(), Is.EqualTo(norm).Within(1e-5).Percent);
        }
        AssertSame(model, twin, 1e-6);
    }

    /// <summary>float16: the scaled loss overflows at first, those steps are skipped, and then it trains.</summary>
    [Test]
    public void TheLossIsScaledAndOverflowingStepsAreSkipped()
    {
        var weight = new Parameter(tensor(new float[] { 3, -2 }).to(float16));
        using var optimizer = new[] { ("w", weight) }.Optimizer(new SgdOptions { LearningRate = 0.25 });
        using var scaler = new GradientScaler(optimizer.Inner.Device, new() { InitialScale = 65536 });
        optimizer.Inner.GradientScaler = scaler;
        for (var i = 0; i < 12; i++)
        {
            optimizer.zero_grad();
            scaler.ScaleLoss(weight.square().sum()).backward();
            optimizer.step();
        }
        Assert.That(scaler.ReadSkippedSteps(), Is.EqualTo(3));
        Assert.That(scaler.ReadScale(), Is.EqualTo(8192));
        // 0.5 times what it was, nine times.
        Assert.That(Values(weight), Is.EqualTo(new float[] { 3 / 512f, -2 / 512f }));
    }

    [Test]
    public void AnAveragedModelHoldsAveragesAndBuffers()
    {
        manual_seed(2);
        using var model = Normalized();
        using var averaged = Normalized();
        using var optimizer = model.AdamW(new() { LearningRate = 0.01 });
        using var average = optimizer.ExponentialAverage(averaged, 0.9);
        optimizer.Inner.WeightAverage = average;
        Dictionary<string, float[]> expected = [];
        for (var step = 0; step < 6; step++)
        {
            using var x = randn(16, 5);
            Backward(model, x);
            optimizer.step();
            foreach (var (name, parameter) in model.named_parameters())
            {
                // PyTorch's lerp, in the same arithmetic.
                var now = Values(parameter);
                expected[name] = step == 0 ? now : [.. expected[name].Zip(now, (a, p) => MathF.FusedMultiplyAdd((float)(1 - 0.9), p - a, a))];
            }
        }
        foreach (var (name, parameter) in averaged.named_parameters())
            Assert.That(Values(parameter), Is.EqualTo(expected[name]), name);
        var buffers = averaged.named_buffers().ToDictionary(named => named.name, named => named.buffer);
        Assert.That(buffers, Has.Count.EqualTo(3));
        foreach (var (name, buffer) in model.named_buffers())
            Assert.That(Values(buffers[name]), Is.EqualTo(Values(buffer)), name);
        Assert.That(buffers["norm.num_batches_tracked"].item<long>(), Is.EqualTo(6));

        averaged.to(bfloat16);
        Backward(model, randn(16, 5));
        Assert.That(() => optimizer.step(), Throws.InvalidOperationException.With.Message.StartsWith("The average of parameter '"));
    }

    [Test]
    public void AnEqualAverageIsUpdatedWhenAsked()
    {
        using var model = nn.Linear(2, 1);
        using var averaged = nn.Linear(2, 1);
        using var optimizer = model.Sgd(new() { LearningRate = 1 });
        using var average = optimizer.EqualAverage(averaged);
        using var withoutGradients = no_grad();
        foreach (var value in new[] { 1f, 3f, 8f })
        {
            model.weight!.fill_(value);
            average.Update();
        }
        Assert.That(Values(averaged.weight!), Is.EqualTo(new float[] { 4, 4 }));
        average.Swap();
        Assert.That(Values(model.weight!), Is.EqualTo(new float[] { 4, 4 }));
        Assert.That(Values(averaged.weight!), Is.EqualTo(new float[] { 8, 8 }));
    }

    /// <summary>SWA: buffers come with each update, and what is not trained at once.</summary>
    [Test]
    public void AnEqualAverageHasTheModelsBuffers()
    {
        using var model = Normalized();
        using var averaged = Normalized();
        using var optimizer = model.Sgd(new() { LearningRate = 1 });
        using var mean = optimizer.EqualAverage(averaged);
        Backward(model, randn(16, 5));
        mean.Update();
        var copies = averaged.named_buffers().ToDictionary(named => named.name, named => named.buffer);
        foreach (var (name, buffer) in model.named_buffers())
            Assert.That(Values(copies[name]), Is.EqualTo(Values(buffer)), name);
        averaged.to(bfloat16);
        Assert.That(mean.Update, Throws.InvalidOperationException.With.Message.StartsWith("The average of parameter '"));
        Assert.That(mean.Swap, Throws.InvalidOperationException);
    }

    [Test]
    public void AnAverageOfAnotherModelIsRefused()
    {
        using var model = Normalized();
        using var optimizer = model.AdamW();
        using var other = nn.Linear(5, 5);
        Assert.That(() => optimizer.ExponentialAverage(other), Throws.ArgumentException.With.Message.Contains("is missing"));
        using var mine = Normalized();
        using var its = Normalized();
        using (optimizer.EqualAverage(mine))
            Assert.That(() => optimizer.ExponentialAverage(mine), Throws.ArgumentException.With.Message.StartsWith("averaged must hold one average."));
        optimizer.ExponentialAverage(mine).Dispose();
        using var part = model.named_parameters().Take(2).Optimizer(new AdamWOptions());
        Assert.That(() => part.ExponentialAverage(its), Throws.ArgumentException.With.Message.StartsWith("Every parameter of averaged must be averaged. 'norm."));
        Assert.That(() => optimizer.ExponentialAverage(model), Throws.ArgumentException.With.Message.StartsWith("Parameters must not share memory."));
        using var bare = model.named_parameters().Optimizer(new AdamWOptions());
        Assert.That(() => bare.CopyBuffers(model), Throws.InvalidOperationException.With.Message.Contains("made of a model"));
    }

    [Test]
    public void BothLibrariesSeeOneRate()
    {
        using var model = nn.Linear(2, 2);
        using var optimizer = model.AdamW(new() { LearningRate = 0.5 });
        var group = optimizer.ParamGroups.Single();
        Assert.That((group.LearningRate, group.InitialLearningRate), Is.EqualTo((0.5, 0.5)));
        optimizer.Inner.Groups[0].LearningRate = 0.25;
        Assert.That(group.LearningRate, Is.EqualTo(0.25));
        group.LearningRate = 0.125;
        Assert.That(optimizer.Inner.Groups[0].LearningRate, Is.EqualTo(0.125));
        // Past the interface, as by whoever holds TorchSharp's class.
        ((Modules.ParamGroup)group).LearningRate = 1;
        Backward(model, ones(1, 2));
        optimizer.step();
        Assert.That((group.LearningRate, optimizer.Inner.Groups[0].LearningRate), Is.EqualTo((1.0, 1.0)));
        Assert.That(() => group.LearningRate = -1, Throws.TypeOf<ArgumentOutOfRangeException>());
        var schedule = new ExponentialLR(optimizer.Inner, 0.5);
        schedule.Step();
        Assert.That(group.LearningRate, Is.EqualTo(0.5));
    }

    [Test]
    public void MomentumAndBetasAreTheGroups()
    {
        using var model = nn.Linear(2, 2);
        using var adam = model.Adam();
        var betas = (IBetas)adam.ParamGroups.Single();
        Assert.That(betas.Betas, Is.EqualTo((0.9, 0.999)));
        betas.Betas = (0.85, 0.975);
        Assert.That((adam.Inner.Groups[0].Options.Beta1, adam.Inner.Groups[0].Options.Beta2), Is.EqualTo((0.85, 0.975)));
        using var muon = model.named_parameters().Where(named => named.name == "weight").Optimizer(new MuonOptions());
        ((IMomentum)muon).Momentum = 0.8;
        Assert.That(((IMomentum)muon.ParamGroups.Single()).Momentum, Is.EqualTo(0.8));
        using var signum = model.Optimizer(new SignumOptions());
        Assert.That(() => ((IMomentum)signum).Momentum = 0.5, Throws.TypeOf<NotSupportedException>().With.Message.Contains("SignumOptions have none"));
    }

    [Test]
    public void GroupsAreAddedWithTheirOptions()
    {
        using var model = nn.Sequential(("first", nn.Linear(2, 2)), ("second", nn.Linear(2, 2)), ("third", nn.Linear(2, 2)));
        var named = model.named_parameters().ToArray();
        using var optimizer = named[..2].Optimizer(new AdamWOptions { LearningRate = 0.5, WeightDecay = 0.25 });
        optimizer.add_param_group(new Modules.AdamW.ParamGroup { Parameters = [named[2].parameter], Options = new() { beta2 = 0.5 } });
        optimizer.add_param_group(new() { Parameters = [named[3].parameter], Options = new() { LearningRate = 0.125 } });
        optimizer.AddGroup(named[4..], new AdamWOptions { Epsilon = 0.1 });
        var options = optimizer.Inner.Groups.Select(group => (AdamWOptions)group.AnyOptions).ToArray();
        Assert.That(options.Select(each => each.LearningRate), Is.EqualTo(new[] { 0.5, 0.5, 0.125, 1e-3 }));
        Assert.That((options[1].Beta2, options[1].WeightDecay, options[2].WeightDecay, options[3].Epsilon), Is.EqualTo((0.5, 0.25, 0.25, 0.1)));
        Assert.That(optimizer.Inner.Parameters.Select(parameter => parameter.Name), Is.EqualTo(new[] { "first.weight", "first.bias", "2", "3", "third.weight", "third.bias" }));
        Assert.That(optimizer.parameters().Count(), Is.EqualTo(6));
        Assert.That(optimizer.ParamGroups.Count(), Is.EqualTo(4));
        Assert.That(() => optimizer.add_param_group(new() { Parameters = [named[0].parameter] }), Throws.ArgumentException.With.Message.Contains("in the optimizer already"));
        using var more = nn.Linear(2, 2);
        Assert.That(() => optimizer.add_param_group(new Modules.SGD.ParamGroup { Parameters = more.parameters(), Options = new() }), Throws.ArgumentException.With.Message.StartsWith("options must be of AdamW."));
        Assert.That(() => optimizer.AddGroup(more.named_parameters(), new SgdOptions()), Throws.ArgumentException);
        Assert.That(() => optimizer.AddGroup([("third.bias", more.bias!)], new AdamWOptions()), Throws.ArgumentException.With.Message.Contains("names must be unique"));
        Assert.That(optimizer.ParamGroups.Count(), Is.EqualTo(4));
        optimizer.AddGroup(more, "more", new AdamWOptions());
        Assert.That(optimizer.Inner.Parameters.TakeLast(2).Select(parameter => parameter.Name), Is.EqualTo(new[] { "more.weight", "more.bias" }));
        Backward(model, ones(1, 2));
        optimizer.step();
    }

    [Test]
    public void AModelsParametersAreAssignedByNameAndShape()
    {
        using var model = nn.Sequential(("embed", nn.Embedding(10, 4)), ("hidden", nn.Linear(4, 4)), ("norm", nn.LayerNorm(4)));
        using var optimizer = model.ModelOptimizer(
            Assignment.Where("hidden matrices", p => p.Shape.Count == 2 && !p.Name.StartsWith("embed", StringComparison.Ordinal), new MuonOptions { LearningRate = 0.02 }),
            Assignment.Rest(new AdamWOptions()));
        Assert.That(optimizer.Inner.Explain(), Does.Match(@"hidden\.weight +\[4, 4\] +Muon +hidden matrices").And.Match(@"embed\.weight +\[10, 4\] +AdamW +the rest"));
        var before = model.parameters().Select(Values).ToArray();
        model.call(tensor(new long[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 })).square().sum().backward();
        optimizer.step();
        Assert.That(model.parameters().Select((parameter, i) => Values(parameter).SequenceEqual(before[i])), Has.None.True);
        // A scheduler of TorchSharp's moves both algorithms, each by its own momentum: a seventh of the way up again, along a cosine.
        var scheduler = lr_scheduler.OneCycleLR(optimizer, [0.1, 0.2], total_steps: 10, base_momentum: [0.7, 0.8], max_momentum: [0.9, 0.95]);
        for (var i = 0; i < 3; i++)
            scheduler.step();
        var (muon, adamW) = ((MuonOptions)optimizer.Inner.Groups[0].AnyOptions, (AdamWOptions)optimizer.Inner.Groups[1].AnyOptions);
        Assert.That(muon.Momentum, Is.EqualTo(0.9 - 0.1 * (Math.Cos(Math.PI / 7) + 1)).Within(1e-12));
        Assert.That(adamW.Beta1, Is.InRange(0.8, 0.95).And.Not.EqualTo(0.9));
        Assert.That(() => optimizer.add_param_group(new() { Parameters = [new Parameter(ones(2))] }), Throws.ArgumentException.With.Message.Contains("AddGroup"));
        optimizer.AddGroup([("more", new Parameter(ones(2)))], new AdamWOptions());
        Assert.That(optimizer.ParamGroups.Count(), Is.EqualTo(3));
    }

    /// <summary>A module whose layers are made by libtorch.</summary>
    [Test]
    public void ALayerOfLibtorchsOwnIsTrained()
    {
        using var model = nn.TransformerEncoderLayer(8, 2, 16, dropout: 0);
        using var optimizer = model.AdamW();
        Assert.That(optimizer.Inner.Parameters.Select(parameter => parameter.Name), Is.EqualTo(model.named_parameters().Select(named => named.name)).And.Contains("linear1.weight"));
        var before = model.parameters().Select(Values).ToArray();
        model.call(randn(3, 2, 8), null!, null!).square().sum().backward();
        optimizer.step();
        Assert.That(model.parameters().Select((parameter, i) => Values(parameter).SequenceEqual(before[i])), Has.None.True);
    }

    [Test]
    public void AClosureComputesTheLossFirst()
    {
        using var model = nn.Linear(1, 1, hasBias: false);
        using var optimizer = model.Sgd(new() { LearningRate = 0.5 });
        using var withoutGradients = no_grad();
        model.weight!.fill_(3);
        var loss = optimizer.step(() =>
        {
            optimizer.zero_grad();
            var squares = model.weight.square().sum();
            squares.backward();
            return squares;
        });
        Assert.That((loss!.ToSingle(), Values(model.weight)[0]), Is.EqualTo((9f, 0f)));
        Assert.That((object?)optimizer.step(), Is.Null);
    }

    [Test]
    public void AnOptimizerStaysOnItsDevice()
    {
        using var model = nn.Linear(1, 1);
        using var optimizer = model.AdamW();
        optimizer.to(CPU);
        Assert.That(() => optimizer.to(META), Throws.TypeOf<NotSupportedException>().With.Message.Contains("must stay on cpu"));
    }

    internal static void Backward(nn.Module<Tensor, Tensor> model, Tensor x)
    {
        model.zero_grad();
        using var loss = model.call(x).square().mean();
        loss.backward();
    }

    internal static T Copy<T>(nn.Module source, T destination) where T : nn.Module
    {
        destination.load_state_dict(source.state_dict());
        return destination;
    }

    private static void AssertSame(nn.Module model, nn.Module twin, double tolerance)
    {
        foreach (var ((name, actual), (_, expected)) in model.named_parameters().Zip(twin.named_parameters()))
            Assert.That(Values(actual), Is.EqualTo(Values(expected)).Within(tolerance), name);
    }

    private static Modules.Sequential Normalized() => nn.Sequential(("linear", nn.Linear(5, 4)), ("norm", nn.BatchNorm1d(4)));
}
