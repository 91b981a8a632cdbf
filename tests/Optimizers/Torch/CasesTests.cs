using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Checkpoints as programs write them: <c>tests/Golden/Cases/README.md</c> says what is particular about each.</summary>
public sealed class CasesTests
{
    private readonly SimdDevice _device = new(threads: 1);

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [TestCase("namespace.pt")]
    [TestCase("numpy_scalar.pt")]
    [TestCase("numpy_array.pt")]
    [TestCase("protocol4.pt")]
    [TestCase("lightning.ckpt")]
    [TestCase("names_for_indices.pt")]
    [TestCase("flattened.pt")]
    public void GoesOnToTheBit(string file)
    {
        using var run = new CaseRun();
        TorchCheckpoint.Load(CaseRun.File(file), run.Optimizer);
        var (gradients, before, after) = run.Read(Path.ChangeExtension(file, "next.bin"));
        Bits.AreEqual<float>(run.Values(), before, $"{file}, loaded");
        run.Step(gradients);
        Bits.AreEqual<float>(run.Values(), after, $"{file}, a step later");
    }

    /// <summary>Parameters in another order than PyTorch's, which names say.</summary>
    [Test]
    public void NamesSayWhichStateIsWhose()
    {
        Parameter<float>[] ordered = Model<float>(), reversed = [.. Model<float>().Reverse()];
        using AdamW optimizer = new(ordered), other = new(reversed);
        TorchCheckpoint.Load(CaseRun.File("names_for_indices.pt"), optimizer);
        TorchCheckpoint.Load(CaseRun.File("names_for_indices.pt"), other);
        foreach (var (name, state) in optimizer.StateDictionary().Parameters)
            Assert.That(other.StateDictionary()[name]["exp_avg"].Values<float>().ToArray(), Is.EqualTo(state["exp_avg"].Values<float>().ToArray()), name);
    }

    /// <summary>One state of all parameters, by names, is that of a model's several optimizers.</summary>
    [TestCase("names_for_indices.pt", "'optimizer.param_groups' must have 1 parameter groups")]
    [TestCase("flattened.pt", null)]
    public void NamesSayWhichOptimizerIsMeant(string file, string? refusal)
    {
        var parameters = Model<float>();
        using var whole = new AdamW(parameters);
        using var parts = new ModelOptimizer(Model<float>(), Assignment.Named("2.*", new AdamOptions { WeightDecayMode = WeightDecayMode.Decoupled }), Assignment.Rest(new AdamWOptions()));
        TorchCheckpoint.Load(CaseRun.File(file), whole);
        if (refusal is not null)
        {
            // One group there, of parameters that are in two here.
            Assert.That(() => TorchCheckpoint.Load(CaseRun.File(file), parts), Throws.TypeOf<InvalidDataException>().With.Message.Contains(refusal));
            return;
        }
        TorchCheckpoint.Load(CaseRun.File(file), parts);
        var (expected, actual) = (whole.StateDictionary(), parts.StateDictionary());
        Assert.That(actual.Parameters.Keys, Is.EquivalentTo(expected.Parameters.Keys));
        foreach (var (name, state) in expected.Parameters)
            Assert.That(actual[name]["exp_avg_sq"].Values<float>().ToArray(), Is.EqualTo(state["exp_avg_sq"].Values<float>().ToArray()), name);
        Assert.That(parts.Groups.Select(group => group.LearningRate), Is.All.EqualTo(0.01));
    }

    [Test]
    public void PrefixesAreTakenOffWhereTheCallerSaysSo()
    {
        var parameters = Model<float>();
        Assert.That(
            () => TorchCheckpoint.LoadParameters(CaseRun.File("data_parallel.pt"), parameters),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("The file has them with the prefix 'module.': LoadOptions.Rename = Rename.WithoutPrefix(\"module.\")"));
        var report = TorchCheckpoint.LoadParameters(CaseRun.File("data_parallel.pt"), parameters, new() { Rename = Rename.DataParallel, Strict = true });
        Assert.That(report.Loaded, Is.EqualTo(parameters.Select(parameter => parameter.Name)));
        Assert.That(report.Missing.Concat(report.Unexpected), Is.Empty);
        Assert.That(parameters.Select(parameter => parameter.Data.ToArray().All(value => value == 0)), Has.None.True);
    }

    [Test]
    public void Float16IsConvertedWhereTheCallerAsks()
    {
        var (wide, narrow) = (Model<float>(), Model<Half>());
        Assert.That(
            () => TorchCheckpoint.LoadParameters(CaseRun.File("half.pt"), wide),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("Parameter '0.weight' must be Float32. Actual type was Float16; LoadOptions.Convert takes it"));
        TorchCheckpoint.LoadParameters(CaseRun.File("half.pt"), narrow);
        TorchCheckpoint.LoadParameters(CaseRun.File("half.pt"), wide, new() { Convert = true });
        for (var i = 0; i < wide.Length; i++)
            Assert.That(wide[i].Data.ToArray(), Is.EqualTo(narrow[i].Data.ToArray().Select(value => (float)value)));
    }

    [Test]
    public void TensorsThatNobodyAsksForDoNoHarm()
    {
        var parameters = Model<float>();
        var report = TorchCheckpoint.LoadParameters(CaseRun.File("float8_beside.pt"), parameters);
        Assert.That(report.Unexpected, Is.EqualTo(new[] { "quantized", "counts" }));
        Assert.That(parameters.SelectMany(parameter => parameter.Data.ToArray()), Has.Some.Not.Zero);
        using var quantized = _device.CreateParameter("quantized", [4]);
        Assert.That(() => TorchCheckpoint.LoadParameters(CaseRun.File("float8_beside.pt"), [quantized]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("'quantized' must"));
    }

    private Parameter<T>[] Model<T>() where T : unmanaged => CaseRun.Model<T>(_device);
}
