using System.Text;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using GpuOptim.TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>TorchSharp's state dictionaries of ours, in memory and in TorchSharp's streams: taken over whole, or not at all.</summary>
public sealed class StateDictTests : TorchTest
{
    public enum Way
    {
        InMemory,
        ByStream,
        ByFile,
    }

    /// <summary>A run that stops and goes on in another optimizer, which has learned something else meanwhile, ends with the same bits.</summary>
    [Test]
    public void GoesOnToTheSameBits([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario, [Values] Way way)
    {
        using ModelRun whole = new(scenario), first = new(scenario), resumed = new(scenario);
        whole.Train(0, 8);
        first.Train(0, 4);
        resumed.Train(20, 3);

        resumed.Model.load_state_dict(first.Model.state_dict());
        Transfer(first.Optimizer, resumed.Optimizer, way);
        Assert.That(resumed.Snapshot(), Is.EqualTo(first.Snapshot()), "what was loaded");

        resumed.Train(4, 4);
        Assert.That(resumed.Snapshot(), Is.EqualTo(whole.Snapshot()), "where it went");
    }

    /// <summary>The state of an optimizer that never made a step takes away what another remembers.</summary>
    [Test]
    public void StartsAgain([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario, [Values] Way way)
    {
        using ModelRun fresh = new(scenario), run = new(scenario);
        run.Train(0, 3);
        run.Model.load_state_dict(fresh.Model.state_dict());
        Transfer(fresh.Optimizer, run.Optimizer, way);
        Assert.That(run.Snapshot(), Is.EqualTo(fresh.Snapshot()));
    }

    [Test]
    public void AStateStaysAsItWasTaken([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario)
    {
        using var run = new ModelRun(scenario);
        run.Train(0, 3);
        var before = run.State();
        var state = run.Optimizer.state_dict();
        run.Train(3, 3);
        run.Optimizer.load_state_dict(state);
        Assert.That(run.State(), Is.EqualTo(before));
    }

    /// <summary>A stream that ends too early, wherever that is.</summary>
    [Test]
    public void EveryTruncationIsRefused([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario)
    {
        using ModelRun saved = new(scenario), run = new(scenario);
        saved.Train(0, 3);
        run.Train(20, 2);
        var bytes = Save(saved.Optimizer);
        var before = run.Snapshot();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => Load(run.Optimizer, bytes[..length]), Throws.InstanceOf<EndOfStreamException>(), $"length {length}");
            Assert.That(run.Snapshot(), Is.EqualTo(before), $"length {length}");
        }
        Load(run.Optimizer, bytes);
        Assert.That(run.Snapshot(), Is.Not.EqualTo(before));
    }

    /// <summary>Bytes changed, moved, doubled, cut out: what is not refused is taken over whole, whatever was there before.</summary>
    [Test]
    public void DamagedStreamsChangeAllOrNothing([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario)
    {
        using ModelRun saved = new(scenario), run = new(scenario), other = new(scenario);
        saved.Train(0, 3);
        run.Train(20, 2);
        var bytes = Save(saved.Optimizer);
        var random = new Random(1);
        var refused = 0;
        for (var i = 0; i < 300; i++)
        {
            var damaged = Damaging.Change(bytes, random);
            var before = run.Snapshot();
            try
            {
                Load(run.Optimizer, damaged);
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException or ArgumentException or FormatException)
            {
                refused++;
                Assert.That(run.Snapshot(), Is.EqualTo(before), $"damage {i}");
                continue;
            }
            Load(other.Optimizer, damaged);
            Assert.That(run.State(), Is.EqualTo(other.State()), $"damage {i}");
        }
        Assert.That(refused, Is.InRange(100, 299));
    }

    [Test]
    public void StatesOfOtherOptimizersAreRefused([ValueSource(typeof(StateScenario), nameof(StateScenario.All))] StateScenario scenario)
    {
        using var run = new ModelRun(scenario);
        run.Train(0, 2);
        foreach (var other in StateScenario.All.Where(other => other.Name != scenario.Name && other.Type == scenario.Type))
        {
            using var foreign = new ModelRun(other);
            foreign.Train(0, 3);
            AssertRefused(run, foreign.Optimizer, other.Name);
        }
    }

    /// <summary>The same optimizer for the same parameters, but grouped in another way, in another order, or under other names.</summary>
    [Test]
    public void StatesOfOtherGroupsAreRefused()
    {
        var options = new AdamWOptions();
        using var run = new ModelRun(new("layers", StateScenario.Layers(options, options)));
        run.Train(0, 2);
        foreach (var (name, groups) in new (string, Func<(string, Parameter)[], (string, Parameter)[][]>)[]
        {
            ("one group", named => [named]),
            ("three groups", named => [named[..1], named[1..2], named[2..]]),
            ("another border", named => [named[..1], named[1..]]),
            ("groups exchanged", named => [named[2..], named[..2]]),
            ("one parameter less", named => [named[..2], named[2..3]]),
            ("other names", named => [named[..2], [("other.weight", named[2].Item2), ("other.bias", named[3].Item2)]]),
        })
        {
            using var foreign = new ModelRun(new(name, model =>
            {
                var parts = groups([.. model.named_parameters()]);
                var optimizer = parts[0].Optimizer(options);
                foreach (var part in parts[1..])
                    optimizer.AddGroup(part, options);
                return optimizer;
            }));
            foreign.Train(0, 3);
            AssertRefused(run, foreign.Optimizer, name);
        }
    }

    [Test]
    public void StatesOfTorchSharpsOwnAreRefused()
    {
        using var run = new ModelRun(new("all", model => model.AdamW()));
        run.Train(0, 2);
        using var theirs = optim.AdamW(new TwoLayers(3, 5, 2).parameters());
        var before = run.Snapshot();
        Assert.That(() => run.Optimizer.load_state_dict(theirs.state_dict()), Throws.ArgumentException.With.Message.StartsWith("state_dict must be that of a TorchOptimizer."));
        Assert.That(() => Load(run.Optimizer, Save(theirs)), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => Load(theirs, Save(run.Optimizer)), Throws.TypeOf<InvalidDataException>());
        Assert.That(run.Snapshot(), Is.EqualTo(before));
    }

    /// <summary>TorchSharp's own type of a group writes rates where the optimizer sees them only at its next step.</summary>
    [Test]
    public void RatesAreSavedAndLoadedWhoeverWroteThem([Values] Way way)
    {
        var scenario = StateScenario.All.First();
        using ModelRun first = new(scenario), resumed = new(scenario);
        ((ParamGroup)first.Optimizer.ParamGroups.First()).LearningRate = 0.125;
        ((ParamGroup)resumed.Optimizer.ParamGroups.First()).LearningRate = 0.5;
        Transfer(first.Optimizer, resumed.Optimizer, way);
        Assert.That(resumed.Optimizer.Inner.Groups[0].LearningRate, Is.EqualTo(0.125));
        Assert.That(resumed.Optimizer.ParamGroups.First().LearningRate, Is.EqualTo(0.125));
    }

    private static void AssertRefused(ModelRun run, TorchOptimizer foreign, string name)
    {
        var before = run.Snapshot();
        Assert.That(() => run.Optimizer.load_state_dict(foreign.state_dict()), Throws.InstanceOf<ArgumentException>(), $"{name}, in memory");
        Assert.That(() => Load(run.Optimizer, Save(foreign)), Throws.InstanceOf<InvalidDataException>().Or.InstanceOf<ArgumentException>(), $"{name}, by stream");
        Assert.That(run.Snapshot(), Is.EqualTo(before), name);
    }

    private static void Transfer(TorchOptimizer from, TorchOptimizer to, Way way)
    {
        switch (way)
        {
            case Way.InMemory:
                to.load_state_dict(from.state_dict());
                break;
            case Way.ByStream:
                Load(to, Save(from));
                break;
            default:
                var file = Path.GetTempFileName();
                try
                {
                    from.save_state_dict(file);
                    to.load_state_dict(file);
                }
                finally
                {
                    File.Delete(file);
                }
                break;
        }
    }

    private static byte[] Save(OptimizerHelper optimizer)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
            optimizer.save_state_dict(writer);
        return stream.ToArray();
    }

    private static void Load(OptimizerHelper optimizer, byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        optimizer.load_state_dict(reader);
    }
}
