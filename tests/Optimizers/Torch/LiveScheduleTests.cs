using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Schedules that are written here, the PyTorch of this machine takes up and goes on with to the same rates, and its own come back.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class LiveScheduleTests
{
    private string _folder = null!;
    private TorchSchedules.Recording _continued = null!;

    private static IEnumerable<string> Names => TorchSchedules.Factories.Keys;

    [OneTimeSetUp]
    public void GoOnInPyTorch()
    {
        if (Python.WithPyTorch is not { } python)
        {
            Assert.Ignore("There is no Python with PyTorch (GPUOPTIM_PYTHON names one): what is written is not loaded there.");
            return;
        }
        _folder = Directory.CreateTempSubdirectory("gpuoptim-schedules-").FullName;
        var measures = TorchSchedules.Read(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Schedules", "rates.json")).Measures;
        foreach (var name in Names)
        {
            foreach (var stop in TorchSchedules.Stops)
            {
                using var run = Run(name, stop, measures);
                var (pickle, storages) = PickleWriter.Write(new PickleDictionary
                {
                    ["scheduler"] = TorchSchedule.Write(run.Schedule),
                    ["group"] = TorchSchedule.GroupEntries(run.Schedule),
                    ["rates"] = run.Rates.Select(rate => (object?)rate).ToList(),
                    ["momenta"] = run.Momenta.Select(momentum => (object?)momentum).ToList(),
                });
                AtomicFile.Write(Path.Combine(_folder, $"{name}@{stop}.pt"), stream => TorchArchiveWriter.Write(stream, pickle, storages));
            }
        }
        var (exitCode, output, error) = Python.Run(python, Path.Combine(TestContext.CurrentContext.TestDirectory, "Optimizers", "Torch", "schedules_in_pytorch.py"), "continue", _folder);
        Assert.That(exitCode, Is.Zero, error);
        TestContext.Out.WriteLine($"PyTorch {output}");
        _continued = TorchSchedules.Read(Path.Combine(_folder, "rates.json"));
    }

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void PyTorchGoesOnToTheSameRates([ValueSource(nameof(Names))] string name, [ValueSource(typeof(TorchSchedules), nameof(TorchSchedules.Stops))] int stop)
    {
        using var run = Run(name, stop, _continued.Measures);
        run.AssertGoesOn(_continued, $"{name}@{stop}", stop);

        using var back = new TorchSchedules(name);
        TorchCheckpoint.LoadSchedule(Path.Combine(_folder, $"{name}@{stop}.next.pt"), back.Schedule);
        Assert.That((back.Rates, back.Momenta), Is.EqualTo((run.Rates, run.Momenta)));
        for (var step = stop + TorchSchedules.Steps; step < 69; step++)
        {
            run.Step(step, _continued.Measures);
            back.Step(step, _continued.Measures);
            Assert.That((back.Rates, back.Momenta), Is.EqualTo((run.Rates, run.Momenta)), $"step {step}");
        }
    }

    private static TorchSchedules Run(string name, int stop, double[] measures)
    {
        var run = new TorchSchedules(name);
        for (var step = 0; step < stop; step++)
            run.Step(step, measures);
        return run;
    }
}
