using System.Buffers.Binary;
using System.Text;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Optimizers.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Parameters from files of others: other names, other types, more or fewer tensors, several files.</summary>
public sealed class LoadParametersTests : FolderTest
{
    private SimdDevice _device = null!;

    [SetUp]
    public void Open() => _device = new(threads: 1);

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>A model in several files, by its index or its folder, is what it is in one.</summary>
    [TestCase("sharded/model.safetensors.index.json")]
    [TestCase("sharded")]
    [TestCase("sharded/expected.safetensors")]
    public void ShardsAreOneModel(string path)
    {
        Parameter<float>[] expected = Model(), actual = Model();
        Checkpoint.LoadParameters(CaseRun.File("sharded/expected.safetensors"), expected);
        var report = Checkpoint.LoadParameters(CaseRun.File(path), actual);
        AssertEqual(actual, expected);
        Assert.That(expected.SelectMany(parameter => parameter.Data.ToArray()), Is.All.Not.Zero);
        Assert.That(report.Loaded, Is.EqualTo(CaseRun.Layout.Select(each => each.Name)));
        Assert.That(report.Missing.Concat(report.Unexpected), Is.Empty);
    }

    /// <summary>Types that this library has never heard of do no harm unless just that tensor is asked for.</summary>
    [Test]
    public void UnknownTypesBesideDoNoHarm()
    {
        var path = CaseRun.File("new_types_beside.safetensors");
        Parameter<float>[] expected = Model(), actual = Model();
        Checkpoint.LoadParameters(CaseRun.File("sharded/expected.safetensors"), expected);
        var report = Checkpoint.LoadParameters(path, actual);
        AssertEqual(actual, expected);
        Assert.That(report.Unexpected, Is.EquivalentTo(["scale", "packed"]));
        var before = actual[0].Data.ToArray();
        actual[0].Data.Clear();
        Assert.That(() => Checkpoint.LoadParameters(path, [actual[0], _device.CreateParameter("scale", [4])]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("Parameter 'scale' must be Float32. Actual type was F8_E8M0").And.Message.Contains(path));
        Assert.That(() => Checkpoint.LoadParameters(path, actual, new() { Strict = true }), Throws.TypeOf<InvalidDataException>().With.Message.Contains("It has 'scale', 'packed', too"));
        Assert.That(actual[0].Data.ToArray(), Is.All.Zero.And.Not.EqualTo(before));
    }

    [Test]
    public void NamesThatMissSayWhichPrefixWouldFit()
    {
        var path = Path.Combine(Folder, "prefixed.safetensors");
        Checkpoint.SaveParameters(path, Model("module.", 1));
        Parameter<float>[] model = Model(), expected = Model("", 1);
        Assert.That(() => Checkpoint.LoadParameters(path, model), Throws.TypeOf<InvalidDataException>().With.Message.Contains("'module.'").And.Message.Contains("LoadOptions.Rename"));
        Assert.That(model.SelectMany(parameter => parameter.Data.ToArray()), Is.All.Zero);
        Checkpoint.LoadParameters(path, model, new() { Rename = Rename.DataParallel });
        AssertEqual(model, expected);
    }

    /// <summary>A new head stays as it was made, and an old one is left.</summary>
    [Test]
    public void WhatFitsIsTaken()
    {
        var path = Path.Combine(Folder, "model.safetensors");
        Checkpoint.SaveParameters(path, Model("", 1));
        Parameter<float>[] body = Model()[..4], expected = Model("", 1)[..4];
        var head = _device.CreateParameter<float>("head", [2], [5f, 6f]);
        var reports = new List<double>();
        var report = Checkpoint.LoadParameters(path, [.. body, head], new() { Strict = false, Progress = new Reports(reports) });
        AssertEqual(body, expected);
        Assert.That(head.Data.ToArray(), Is.EqualTo([5f, 6f]));
        Assert.That(report.Loaded, Is.EqualTo(CaseRun.Layout.Take(4).Select(each => each.Name)));
        Assert.That(report.Missing, Is.EqualTo(["head"]));
        Assert.That(report.Unexpected, Is.EquivalentTo(["2.weight", "2.bias"]));
        Assert.That(reports, Is.Ordered);
        Assert.That(reports[^1], Is.EqualTo(1));
    }

    /// <summary>Every type of float becomes every type that parameters have, each number rounded once.</summary>
    [Test]
    public void TypesAreConvertedWhereTheCallerAsks()
    {
        double[] numbers = [1, -2.5, 1.0009765625, 1.00390625, 65519, 1e-8, 3.141592653589793, double.NaN, double.PositiveInfinity];
        var path = Path.Combine(Folder, "wide.safetensors");
        var header = Encoding.UTF8.GetBytes("""{"p":{"dtype":"F64","shape":[9],"data_offsets":[0,72]}}""");
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        File.WriteAllBytes(path, [.. length, .. header, .. numbers.SelectMany(BitConverter.GetBytes)]);

        var single = _device.CreateParameter("p", [9]);
        Assert.That(() => Checkpoint.LoadParameters(path, [single]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("must be Float32. Actual type was Float64; LoadOptions.Convert takes it"));
        Checkpoint.LoadParameters(path, [single], new() { Convert = true });
        Assert.That(single.Data.ToArray(), Is.EqualTo(numbers.Select(number => (float)number)));
        var brain = _device.CreateParameter<BFloat16>("p", [9]);
        Checkpoint.LoadParameters(path, [brain], new() { Convert = true });
        Assert.That(brain.Data.ToArray(), Is.EqualTo(numbers.Select(number => (BFloat16)(float)number)));
        var half = _device.CreateParameter<Half>("p", [9]);
        Checkpoint.LoadParameters(path, [half], new() { Convert = true });
        Assert.That(half.Data.ToArray(), Is.EqualTo(numbers.Select(number => (Half)(float)number)));
    }

    private static void AssertEqual(Parameter<float>[] actual, Parameter<float>[] expected)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.That(actual[i].Data.ToArray(), Is.EqualTo(expected[i].Data.ToArray()), expected[i].Name);
    }

    private Parameter<float>[] Model(string prefix = "", float first = 0) =>
    [
        .. CaseRun.Layout.Select((each, i) => _device.CreateParameter<float>(prefix + each.Name, each.Shape, [.. Enumerable.Repeat(first * (i + 1), (int)each.Shape.Aggregate(1L, (product, extent) => product * extent))])),
    ];
}
