using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Optimizers.Torch;
using GpuOptim.Tests.Support;
using GpuOptim.TorchSharp;
using static TorchSharp.torch;
using Modules = TorchSharp.Modules;
using Parameter = TorchSharp.Modules.Parameter;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Runs go from PyTorch to TorchSharp and back, in PyTorch's own files.</summary>
public sealed class PyTorchFilesTests : TorchTest
{
    private static readonly Assignment[] _assignments = [Assignment.Named("weight", new MuonOptions()), Assignment.Rest(new AdamWOptions())];

    private string _folder = null!;

    private string File => Path.Combine(_folder, "run.pt");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("gpuoptim-torchsharp-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>A run of PyTorch 2.13 goes on in TorchSharp to the bits to which it went on there.</summary>
    [Test]
    public void GoesOnWherePyTorchStopped([Values("sgd", "adamw", "muon")] string kind)
    {
        var next = new SafetensorsFile(TorchCheckpointTests.Golden($"checkpoint_{kind}.next.safetensors"));
        (string Name, Parameter Parameter)[] parameters = [.. Enumerable.Range(0, 10).TakeWhile(i => next.Names.Contains($"param/{i}")).Select(i => ($"{i}", new Parameter(zeros(next.Shape($"param/{i}")))))];
        OptimizerOptions options = kind switch
        {
            "sgd" => new SgdOptions(),
            "adamw" => new AdamWOptions(),
            _ => new MuonOptions(),
        };
        using var optimizer = parameters.Optimizer(options);
        optimizer.LoadCheckpoint(TorchCheckpointTests.Golden($"checkpoint_{kind}.pt"));
        Assert.That(optimizer.ParamGroups.Single().LearningRate, Is.EqualTo(0.02));
        foreach (var (name, parameter) in parameters)
        {
            Bits.AreEqual<float>(parameter.data<float>().ToArray(), next.Values<float>($"param/{name}"), $"{kind} {name}, loaded");
            parameter.grad = tensor(next.Values<float>($"grad/{name}")).view(parameter.shape);
        }
        optimizer.step();
        foreach (var (name, parameter) in parameters)
            Bits.AreEqual<float>(parameter.data<float>().ToArray(), next.Values<float>($"next/{name}"), $"{kind} {name}, a step later");
    }

    /// <summary>
    /// Parameters, buffers of every type, the optimizer and the scaler come back, to the last bit, into another instance that trained otherwise.
    /// </summary>
    [Test]
    public void AWholeRunComesBack()
    {
        manual_seed(3);
        using var model = Model();
        using var other = Model();
        using var optimizer = model.AdamW(new() { LearningRate = 0.01 });
        using var resumed = other.AdamW(new() { LearningRate = 0.5 });
        using var scaler = new GradientScaler(optimizer.Inner.Device);
        using var otherScaler = new GradientScaler(resumed.Inner.Device, new() { InitialScale = 2 });
        (optimizer.Inner.GradientScaler, resumed.Inner.GradientScaler) = (scaler, otherScaler);
        Train(model, optimizer, 1, 3);
        Train(other, resumed, 9, 2);
        optimizer.SaveCheckpoint(File);
        resumed.LoadCheckpoint(File);
        Assert.That(Digest(other), Is.EqualTo(Digest(model)));
        Assert.That(otherScaler.ReadScale(), Is.EqualTo(65536));
        Train(model, optimizer, 5, 4);
        Train(other, resumed, 5, 4);
        Assert.That(Digest(other), Is.EqualTo(Digest(model)));
    }

    /// <summary>What the model's state dictionary has, the file has: a tied weight under both names, and what is not trained.</summary>
    [Test]
    public void TheFileHasAllOfTheModel()
    {
        using var model = new Tied();
        using var optimizer = model.AdamW();
        optimizer.SaveCheckpoint(File);
        var names = model.state_dict().Keys.ToArray();
        Assert.That(names, Does.Contain("decoder.weight"));
        using var device = new GpuOptim.Host.SimdDevice(threads: 1);
        var report = TorchCheckpoint.LoadParameters(File, [device.CreateParameter("decoder.weight", [4, 4])]);
        Assert.That(report.Loaded.Concat(report.Unexpected), Is.EquivalentTo(names));
        optimizer.LoadCheckpoint(File);
    }

    [Test]
    public void AFileThatDoesNotFitChangesNothing()
    {
        using var model = Model();
        using var optimizer = model.AdamW();
        Train(model, optimizer, 1, 2);
        var before = Digest(model);
        using (var bare = model.named_parameters().Optimizer(new AdamWOptions()))
            bare.SaveCheckpoint(File);
        Assert.That(() => optimizer.LoadCheckpoint(File), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Buffer 'norm.running_mean' of the model is missing"));
        using var wide = nn.Sequential(("linear", nn.Linear(6, 4)), ("norm", nn.BatchNorm1d(4)));
        using (var its = wide.AdamW())
            its.SaveCheckpoint(File);
        Assert.That(() => optimizer.LoadCheckpoint(File), Throws.TypeOf<InvalidDataException>().With.Message.Contains("'linear.weight'"));
        Assert.That(Digest(model), Is.EqualTo(before));
    }

    /// <summary>The safetensors of this library hold averages and schedules, too.</summary>
    [Test]
    public void ASafetensorsCheckpointComesBack()
    {
        manual_seed(4);
        using var model = nn.Linear(5, 4);
        using var other = nn.Linear(5, 4);
        using var optimizer = model.ModelOptimizer(_assignments);
        using var resumed = other.ModelOptimizer(_assignments);
        var path = Path.Combine(_folder, "run.safetensors");
        Train(model, optimizer, 1, 3);
        Checkpoint.Save(path, optimizer.Inner);
        Checkpoint.Load(path, resumed.Inner);
        Train(model, optimizer, 5, 4);
        Train(other, resumed, 5, 4);
        Assert.That(Digest(other), Is.EqualTo(Digest(model)));
    }

    /// <summary>PyTorch itself takes the model up, strictly, and goes on as TorchSharp does here; TorchSharp takes up what it wrote.</summary>
    [Test]
    public void PyTorchGoesOnAndGivesBack([Values("sgd", "adamw")] string kind)
    {
        if (Python.WithPyTorch is not { } python)
        {
            Assert.Ignore("There is no Python with PyTorch (GPUOPTIM_PYTHON names one).");
            return;
        }
        using var model = Model();
        using var optimizer = Make(model);
        Train(model, optimizer, 1, 3);
        optimizer.SaveCheckpoint(File);
        var (code, _, error) = Python.Run(python, Path.Combine(TestContext.CurrentContext.TestDirectory, "TorchSharp", "step_in_pytorch.py"), File, kind);
        Assert.That(code, Is.Zero, error);
        foreach (var parameter in model.parameters())
            parameter.grad = full_like(parameter, 0.5);
        optimizer.step();
        using var back = Model();
        using var resumed = Make(back);
        resumed.LoadCheckpoint(File);
        foreach (var (name, tensor) in model.state_dict())
            Assert.That(Values(back.state_dict()[name]), Is.EqualTo(Values(tensor)).Within(kind == "sgd" ? 0 : 2e-7f), name);
        Assert.That(resumed.Inner.StateDictionary()["norm.weight"].Names, Is.EqualTo(optimizer.Inner.StateDictionary()["norm.weight"].Names));

        TorchOptimizer Make(nn.Module module) => kind == "sgd"
            ? module.Sgd(new() { LearningRate = 0.25, Momentum = 0.5 })
            : module.AdamW(new() { LearningRate = 0.25 });
    }

    /// <summary>Two layers of one weight.</summary>
    private sealed class Tied : nn.Module<Tensor, Tensor>
    {
        private readonly Modules.Linear _encoder = nn.Linear(4, 4), _decoder = nn.Linear(4, 4);

        public Tied()
            : base(nameof(Tied))
        {
            _decoder.weight = _encoder.weight;
            register_module("encoder", _encoder);
            register_module("decoder", _decoder);
        }

        public override Tensor forward(Tensor input) => _decoder.call(_encoder.call(input));
    }

    private static Modules.Sequential Model() => nn.Sequential(("linear", nn.Linear(5, 4)), ("norm", nn.BatchNorm1d(4)));

    private static void Train(nn.Module<Tensor, Tensor> model, TorchOptimizer optimizer, int seed, int steps)
    {
        using var generator = new Generator((ulong)seed);
        for (var i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(randn(16, 5, generator: generator)).square().mean().backward();
            optimizer.step();
        }
    }

    /// <summary>Parameters and buffers, all bits.</summary>
    private static string[] Digest(nn.Module model) => [.. model.state_dict().OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {Convert.ToHexString(pair.Value.detach().bytes)}")];
}
