using GpuOptim.Optimizers;
using GpuOptim.Tests.Extensions;
using GpuOptim.TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using Adam = TorchSharp.Modules.Adam;
using AdamW = TorchSharp.Modules.AdamW;
using Optimizer = TorchSharp.torch.optim.Optimizer;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>TorchSharp's schedules move ours as they move TorchSharp's own: the same rates, momenta and betas to the bit, and the same losses.</summary>
public sealed class SchedulerTests : TorchTest
{
    private const int Steps = 25;

    /// <summary>Optimizers of two groups.</summary>
    private static IEnumerable<TrainingScenario> Optimizers =>
    [
        new("sgd", p => optim.SGD(p, 2e-3, momentum: 0.5), new SgdOptions { LearningRate = 2e-3, Momentum = 0.5 }, p => new SGD.ParamGroup { Parameters = p, Options = new() { LearningRate = 1e-3 } }),
        new("sgd, nesterov", p => optim.SGD(p, 2e-3, momentum: 0.5, nesterov: true), new SgdOptions { LearningRate = 2e-3, Momentum = 0.5, Nesterov = true }, p => new SGD.ParamGroup { Parameters = p, Options = new() { LearningRate = 1e-3 } }),
        new("rmsprop", p => optim.RMSProp(p, 2e-3), new RmsPropOptions { LearningRate = 2e-3 }, p => new RMSProp.ParamGroup { Parameters = p, Options = new() { LearningRate = 1e-3, centered = true } }),
        new("adam", p => optim.Adam(p, 2e-3), new AdamOptions { LearningRate = 2e-3 }, p => new Adam.ParamGroup { Parameters = p, Options = new() { LearningRate = 1e-3, beta2 = 0.95 } }),
        new("adamw", p => optim.AdamW(p, 2e-3, weight_decay: 0.1), new AdamWOptions { LearningRate = 2e-3, WeightDecay = 0.1 }, p => new AdamW.ParamGroup { Parameters = p, Options = new() { LearningRate = 1e-3, amsgrad = true } }),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from schedule in SchedulerScenario.All
        from optimizer in Optimizers
        where !schedule.NeedsMomentum || optimizer.Ours is SgdOptions or RmsPropOptions
        select new TestCaseData(schedule, optimizer);

    [TestCaseSource(nameof(Cases))]
    public void MovesOursAsTheirs(SchedulerScenario schedule, TrainingScenario optimizers)
    {
        using var training = new SideBySide(optimizers);
        lr_scheduler.LRScheduler theirs = schedule.Create(training.Theirs), ours = schedule.Create(training.Ours);
        List<double> rates = [];
        for (var step = 0; step < Steps; step++)
        {
            AssertHyperParametersEqual(training, $"before step {step}");
            rates.Add(training.Ours.ParamGroups.First().LearningRate);
            var error = training.Step();
            Advance(theirs, error);
            Advance(ours, error);
        }
        AssertHyperParametersEqual(training, "at the end");
        training.AssertModelsAlike();
        Assert.That(rates.Distinct().Count(), Is.GreaterThan(1), "the schedule moves rates");
    }

    /// <summary>From the largest to the least at the peak of the rate, and back; 0 once the cycle is over, as TorchSharp has it.</summary>
    [Test]
    public void OneCycleLRCyclesTheFirstBeta()
    {
        var model = new TwoLayers();
        using var optimizer = model.AdamW(new() { LearningRate = 1, Beta2 = 0.99 });
        var schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps: 10, div_factor: 10, final_div_factor: 100);
        var group = optimizer.Inner.Groups[0];
        for (var step = 0; step < 10; step++)
        {
            Assert.That(group.Options.LearningRate, Is.EqualTo(step < 2 ? Cosine(0.01, 0.1, step / 2.0) : Cosine(0.1, 1e-4, (step - 2) / 7.0)).Within(1e-12), $"rate of step {step}");
            Assert.That(group.Options.Beta1, Is.EqualTo(step < 2 ? Cosine(0.95, 0.85, step / 2.0) : Cosine(0.85, 0.95, (step - 2) / 7.0)).Within(1e-12), $"beta of step {step}");
            Assert.That(group.Options.Beta2, Is.EqualTo(0.99));
            schedule.step();
        }
        Assert.That((group.Options.LearningRate, group.Options.Beta1, group.Options.Beta2), Is.EqualTo((0, 0, 0.99)));

        static double Cosine(double start, double end, double part) => end + (start - end) * (1 + Math.Cos(Math.PI * part)) / 2;
    }

    /// <summary>TorchSharp adds to the largest momentum what PyTorch takes away from it.</summary>
    [Test]
    public void CyclicLRCyclesTheMomentum()
    {
        var model = new TwoLayers();
        using var optimizer = model.Sgd(new() { LearningRate = 1, Momentum = 0.9 });
        var schedule = lr_scheduler.CyclicLR(optimizer, 0.1, 0.2, 2, 4, base_momentum: 0.3, max_momentum: 0.4);
        foreach (var height in (double[])[0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.5])
        {
            Assert.That(optimizer.Inner.Groups[0].Options.LearningRate, Is.EqualTo(0.1 + 0.1 * height).Within(1e-12));
            Assert.That(optimizer.Inner.Groups[0].Options.Momentum, Is.EqualTo(0.4 + 0.1 * height).Within(1e-12));
            schedule.step();
        }
    }

    /// <summary>Which it cannot in TorchSharp's own Adam.</summary>
    [Test]
    public void CyclicLRCyclesTheFirstBeta()
    {
        var model = new TwoLayers();
        using var optimizer = model.Adam();
        var schedule = lr_scheduler.CyclicLR(optimizer, 0.1, 0.2, 2, base_momentum: 0.8, max_momentum: 0.85);
        schedule.step();
        schedule.step();
        Assert.That(optimizer.Inner.Groups[0].Options.Beta1, Is.EqualTo(0.9).Within(1e-12));
        Assert.That(() => lr_scheduler.CyclicLR(optim.Adam(model.parameters()), 0.1, 0.2), Throws.ArgumentException);
    }

    /// <summary>Muon's momentum and AdamW's first beta, each in its groups.</summary>
    [Test]
    public void OneCycleLRCyclesEveryAlgorithmOfAModel()
    {
        var model = new TwoLayers();
        using var optimizer = model.ModelOptimizer(Assignment.Named("*weight", new MuonOptions()), Assignment.Rest(new AdamWOptions()));
        var schedule = lr_scheduler.OneCycleLR(optimizer, [0.02, 0.001], total_steps: 10);
        var muon = ((Muon)optimizer.Inner.Optimizers[0]).Groups[0];
        var adamW = ((GpuOptim.Optimizers.AdamW)optimizer.Inner.Optimizers[1]).Groups[0];
        Assert.That((muon.Options.Momentum, adamW.Options.Beta1), Is.EqualTo((0.95, 0.95)));
        Assert.That(muon.LearningRate, Is.EqualTo(0.02 / 25).Within(1e-12));
        Assert.That(adamW.LearningRate, Is.EqualTo(0.001 / 25).Within(1e-12));
        schedule.step();
        schedule.step();
        Assert.That((muon.Options.Momentum, adamW.Options.Beta1), Is.EqualTo((0.85, 0.85)));
        Assert.That((muon.LearningRate, adamW.LearningRate), Is.EqualTo((0.02, 0.001)));
    }

    /// <summary>Nesterov's momentum, which may not be 0, waits where a schedule has it at 0.</summary>
    [Test]
    public void NesterovsMomentumComesBack()
    {
        var model = new TwoLayers();
        using var optimizer = model.Sgd(new() { Momentum = 0.9, Nesterov = true });
        var momentum = (IMomentum)optimizer.ParamGroups.Single();
        momentum.Momentum = 0;
        momentum.Momentum = 0;
        Assert.That(optimizer.Inner.Groups[0].Options, Is.EqualTo(new SgdOptions()));
        momentum.Momentum = 0.5;
        Assert.That(optimizer.Inner.Groups[0].Options, Is.EqualTo(new SgdOptions { Momentum = 0.5, Nesterov = true }));
        optimizer.Inner.Groups[0].Options = new() { Momentum = 0.5 };
        momentum.Momentum = 0.25;
        Assert.That(optimizer.Inner.Groups[0].Options.Nesterov, Is.False, "it was taken away by hand");
    }

    [Test]
    public void WithoutMomentumThereIsNothingToCycle()
    {
        var model = new TwoLayers();
        using var optimizer = model.Optimizer(new SignumOptions());
        Assert.That(() => lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps: 10), Throws.TypeOf<NotSupportedException>().With.Message.Contains("SignumOptions have none. Pass cycle_momentum: false."));
        Assert.That(() => lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps: 10, cycle_momentum: false), Throws.Nothing);
    }

    /// <summary>A group that comes late gets what the optimizer was made with, not what a schedule has made of it.</summary>
    [TestCaseSource(nameof(Optimizers))]
    public void GroupsThatComeLateStartAtTheBeginning(TrainingScenario optimizers)
    {
        using var training = new SideBySide(optimizers with { Group = null });
        var (theirs, ours) = ((OptimizerHelper)training.Theirs, training.Ours);
        Schedule(theirs);
        Schedule(ours);
        theirs.add_param_group(Group(optimizers));
        ours.add_param_group(Group(optimizers));
        AssertHyperParametersEqual(training, "after a group came");
        Assert.That(ours.ParamGroups.Last().LearningRate, Is.EqualTo(2e-3));

        static void Schedule(Optimizer optimizer)
        {
            var schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps: 10);
            schedule.step();
        }

        static ParamGroup Group(TrainingScenario optimizers)
        {
            var group = optimizers.Group!([nn.Parameter(ones(3))]);
            group.Options.LearningRate = null;
            return group;
        }
    }

    private static void Advance(lr_scheduler.LRScheduler scheduler, double error)
    {
        if (scheduler is lr_scheduler.impl.ReduceLROnPlateau)
            scheduler.step(error);
        else
            scheduler.step();
    }

    private static void AssertHyperParametersEqual(SideBySide training, string when)
    {
        foreach (var (theirs, ours) in training.Theirs.ParamGroups.Zip(training.Ours.ParamGroups.Cast<TorchParameterGroup>()))
        {
            Assert.That(ours.LearningRate, Is.EqualTo(theirs.LearningRate), $"rate {when}");
            Assert.That(ours.Inner.LearningRate, Is.EqualTo(theirs.LearningRate), $"rate at work {when}");
            Assert.That(ours.InitialLearningRate, Is.EqualTo(theirs.InitialLearningRate), $"first rate {when}");
            if (theirs is IBetas betas)
                Assert.That(((IBetas)ours).Betas, Is.EqualTo(betas.Betas), $"betas {when}");
            else
                Assert.That(((IMomentum)ours).Momentum, Is.EqualTo(((IMomentum)theirs).Momentum), $"momentum {when}");
        }
    }
}
