using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Files that hold the states of several optimizers, wherever a program put them.</summary>
public sealed class TorchSeveralOptimizersTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.pt");

    /// <summary>Each part of a model is a file, and an optimizer of PyTorch's.</summary>
    [Test]
    public void AModelIsWrittenPartByPart()
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "model"), other = new(new SimdDevice(threads: 1), "model");
        run.Train(0, 3);
        foreach (var (part, i) in ((ModelOptimizer)run.Optimizer).Optimizers.Select((part, i) => (part, i)))
        {
            TorchCheckpoint.Save(File, part);
            TorchCheckpoint.Load(File, ((ModelOptimizer)other.Optimizer).Optimizers[i]);
        }
        other.Schedule.Load(run.Schedule.State());
        other.AssertEqual(run);
    }

    /// <summary>A model's optimizers are a list in one file, and come back from the lists and dictionaries that programs write.</summary>
    [Test]
    public void AModelIsOneFile([Values("optimizers", "list", "dictionary", "alone")] string layout)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "model"), other = new(new SimdDevice(threads: 1), "model");
        run.Train(0, 3);
        TorchCheckpoint.Save(File, run.Optimizer);
        if (layout != "optimizers")
        {
            var states = ((ModelOptimizer)run.Optimizer).Optimizers.Select(each => (object?)TorchState.Write(each, [])).ToList();
            var model = TorchRunWriter.Model(CheckpointContent.Live(run.Parameters), []);
            Write(layout switch
            {
                "list" => new PickleDictionary { ["state_dict"] = model, ["optimizer_states"] = states },
                "dictionary" => new PickleDictionary { ["model"] = model, ["optimizer"] = new PickleDictionary(states.Select((state, i) => KeyValuePair.Create((object)$"o{i}", state))) },
                _ => states,
            });
        }
        TorchCheckpoint.Load(File, other.Optimizer);
        if (layout == "alone")
        {
            // States without parameters leave those as they are.
            Assert.That(other.Parameters[0], Is.Not.EqualTo(run.Parameters[0]));
            TorchCheckpoint.SaveParameters(File, run.Parameters);
            TorchCheckpoint.LoadParameters(File, other.Parameters);
        }
        other.Schedule.Load(run.Schedule.State());
        other.AssertEqual(run);
        run.Train(3, 2);
        other.Train(3, 2);
        other.AssertEqual(run);
    }

    /// <summary>Two optimizers of one kind, as of a GAN: each is taken by its place or name; and names of the program's own.</summary>
    [Test]
    public void OneOfSeveralIsTakenByName()
    {
        using TrainingRun first = new(new SimdDevice(threads: 1), "adamw"), second = new(new SimdDevice(threads: 1), "adamw"), back = new(new SimdDevice(threads: 1), "adamw");
        first.Train(0, 1);
        second.Train(0, 3);
        var model = TorchRunWriter.Model(CheckpointContent.Live(second.Parameters), []);
        var states = new List<object?> { TorchState.Write(first.Optimizer, []), TorchState.Write(second.Optimizer, []) };
        Write(new PickleDictionary { ["state_dict"] = model, ["optimizer_states"] = states });
        Refused(() => TorchCheckpoint.Load(File, back.Optimizer), "must have the state of 1 optimizers. Actual number was 2: 'optimizer_states[0]', 'optimizer_states[1]'");
        TorchCheckpoint.Load(File, back.Optimizer, new LoadOptions { Optimizer = "optimizer_states[1]" });
        back.Schedule.Load(second.Schedule.State());
        back.AssertEqual(second);

        Write(new PickleDictionary { ["model"] = "gpt2", ["modelB"] = model, ["optimizer"] = "adamw", ["optimizerB"] = states[1], ["epoch"] = 3L });
        using var other = new TrainingRun(new SimdDevice(threads: 1), "adamw");
        Refused(() => TorchCheckpoint.Load(File, other.Optimizer, new LoadOptions { Optimizer = "optimizerC" }), "must have an optimizer's state 'optimizerC', as LoadOptions.Optimizer says");
        TorchCheckpoint.Load(File, other.Optimizer, new LoadOptions { Model = "modelB", Optimizer = "optimizerB" });
        other.Schedule.Load(second.Schedule.State());
        other.AssertEqual(second);
    }

    private void Write(object root)
    {
        var (pickle, storages) = PickleWriter.Write(root);
        AtomicFile.Write(File, stream => TorchArchiveWriter.Write(stream, pickle, storages));
    }

    private static void Refused(TestDelegate load, string message) => Assert.That(load, Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
}
