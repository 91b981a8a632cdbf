using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>What is written here, the PyTorch of this machine takes up, goes on with and writes, and it is read again.</summary>
public sealed class LivePyTorchTests
{
    private static readonly string[] _kinds = ["sgd", "momentum", "rmsprop", "adam", "adamw", "fused", "muon", "adagrad", "adadelta", "adamax", "nadam", "radam", "rprop", "asgd"];

    private string _folder = null!;
    private Version _release = null!;

    [OneTimeSetUp]
    public void GoOnInPyTorch()
    {
        if (Python.WithPyTorch is not { } python)
        {
            Assert.Ignore("There is no Python with PyTorch (GPUOPTIM_PYTHON names one): what is written is not loaded there.");
            return;
        }
        _folder = Directory.CreateTempSubdirectory("gpuoptim-pytorch-").FullName;
        foreach (var kind in (IEnumerable<string>)[.. _kinds, "coded"])
        {
            using var run = new TrainingRun(new SimdDevice(threads: 1), kind);
            run.Train(0, 4);
            TorchCheckpoint.Save(Path.Combine(_folder, $"{kind}.pt"), run.Optimizer);
            run.FillGradients(4);
            TorchCheckpoint.SaveParameters(Path.Combine(_folder, $"{kind}.grads.pt"), run.Parameters.Where(parameter => parameter.HasGradient).Select(Gradient));
        }
        var (exitCode, output, error) = Python.Run(python, Path.Combine(TestContext.CurrentContext.TestDirectory, "Optimizers", "Torch", "continue_in_pytorch.py"), _folder);
        Assert.That(exitCode, Is.Zero, error);
        _release = Version.Parse(output.Split('a', '+', '\n')[0]);
        TestContext.Out.WriteLine($"PyTorch {output}");
    }

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>PyTorch holds the same tensors and hyper-parameters, and writes them in both formats so that they come back.</summary>
    [Test]
    public void PyTorchTakesUpARun([ValueSource(nameof(_kinds))] string kind, [Values("taken", "legacy")] string format)
    {
        var file = Written(kind, format);
        using TrainingRun run = new(new SimdDevice(threads: 1), kind), back = new(new SimdDevice(threads: 1), kind);
        run.Train(0, 4);
        TorchCheckpoint.Load(file, back.Optimizer);
        back.Schedule.Load(run.Schedule.State());
        back.AssertParametersEqual(run);
        Assert.That(back.Optimizer.Groups.Select(group => Explicit(group.AnyOptions)), Is.EqualTo(run.Optimizer.Groups.Select(group => Explicit(group.AnyOptions))));
        run.Train(4, 2);
        back.Train(4, 2);
        back.AssertEqual(run);
    }

    /// <summary>
    /// One step there is one step here, in float32: to the bit for SGD; release 1.13 still multiplies and adds where Adam interpolates now, and a
    /// wheel's square root may miss a bit.
    /// </summary>
    [Test]
    public void PyTorchGoesOn([ValueSource(nameof(_kinds))] string kind)
    {
        var file = Written(kind, "next");
        using TrainingRun run = new(new SimdDevice(threads: 1), kind), back = new(new SimdDevice(threads: 1), kind);
        run.Train(0, 5);
        TorchCheckpoint.Load(file, back.Optimizer);
        var (actual, expected) = (Floats(back), Floats(run));
        Assert.That(actual.Keys, Is.EqualTo(expected.Keys));
        foreach (var (name, values) in expected)
            Assert.That(actual[name], Is.EqualTo(values).Within(kind is "sgd" or "momentum" ? 0 : 2e-7f), name);
    }

    /// <summary>
    /// What is computed in float and rounded once, there by the fused implementation: to the bit, in every type. The counts are multiples of its
    /// vectors.
    /// </summary>
    [Test]
    public void PyTorchsFusedImplementationGoesOn()
    {
        var file = Written("fused", "next");
        using TrainingRun run = new(new SimdDevice(threads: 1), "fused"), back = new(new SimdDevice(threads: 1), "fused");
        run.Train(0, 5);
        TorchCheckpoint.Load(file, back.Optimizer);
        back.AssertParametersEqual(run);
    }

    /// <summary>State in 8 bits is what it stands for there, and encoded again here; the step between is on the same numbers.</summary>
    [Test]
    public void PyTorchGoesOnFromWhatCodesStandFor()
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "coded"), taken = new(new SimdDevice(threads: 1), "muon"), back = new(new SimdDevice(threads: 1), "coded");
        run.Train(0, 4);
        var state = run.Optimizer.StateDictionary(decoded: true);
        using var adamW = new AdamW(taken.Parameters[..1]);
        adamW.AddGroup(taken.Parameters[1..], new());
        TorchCheckpoint.Load(Written("coded", "taken"), adamW);
        foreach (var (name, parameter) in adamW.StateDictionary().Parameters)
            Assert.That(parameter["exp_avg"].Values<float>().ToArray(), Is.EqualTo(state[name]["exp_avg"].Values<float>().ToArray()), name);
        run.Train(4, 1);
        TorchCheckpoint.Load(Written("coded", "next"), back.Optimizer, new LoadOptions { Convert = true });
        foreach (var (actual, expected) in back.Parameters.Zip(run.Parameters))
            Assert.That(((Parameter<float>)actual).Data.ToArray(), Is.EqualTo(((Parameter<float>)expected).Data.ToArray()).Within(2e-7f));
        Assert.That(back.Optimizer.StateDictionary()["a.weight"]["exp_avg"].ElementType, Is.EqualTo(ElementType.UInt8));
    }

    /// <summary>A real module's dictionary has attributes, and counters that are no parameters.</summary>
    [Test]
    public void ReadsAModule()
    {
        using var device = new SimdDevice(threads: 1);
        var (weight, variance) = (device.CreateParameter("0.weight", [2, 3]), device.CreateParameter("1.running_var", [2]));
        TorchCheckpoint.LoadParameters(Path.Combine(_folder, "module.pt"), [weight, variance]);
        Assert.That(weight.Data.ToArray(), Is.All.EqualTo(0.5f));
        Assert.That(variance.Data.ToArray(), Is.All.EqualTo(1f));
    }

    private static Dictionary<string, float[]> Floats(TrainingRun run) =>
        run.Parameters.OfType<Parameter<float>>().Select(parameter => (parameter.Name, Values: parameter.Data.ToArray()))
        .Concat(run.Optimizer.StateDictionary().Parameters.SelectMany(pair => pair.Value.Tensors.Where(tensor => tensor.Value.ElementType == ElementType.Float32)
            .Select(tensor => ($"{pair.Key}/{tensor.Key}", tensor.Value.Values<float>().ToArray()))))
        .ToDictionary();

    private string Written(string kind, string what)
    {
        var file = Path.Combine(_folder, $"{kind}.{what}.pt");
        if (!File.Exists(file))
            Assert.Ignore($"PyTorch {_release} has no {kind}.");
        return file;
    }

    private static Parameter Gradient(Parameter parameter) => parameter switch
    {
        Parameter<float> single => Gradient(single),
        Parameter<BFloat16> brain => Gradient(brain),
        _ => Gradient((Parameter<Half>)parameter),
    };

    private static Parameter<T> Gradient<T>(Parameter<T> parameter) where T : unmanaged =>
        parameter.Data.Device.CreateParameter<T>(parameter.Name, [.. parameter.Shape], parameter.Gradient.ToArray());

    /// <summary>Options with the number of steps that they amount to: PyTorch's files always name it.</summary>
    private static OptimizerOptions Explicit(OptimizerOptions options) =>
        options is MuonOptions muon ? muon with { NewtonSchulz = muon.NewtonSchulz with { Steps = muon.NewtonSchulz.Plan.Steps.Length } } : options;
}
