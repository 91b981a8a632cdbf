using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Engines with autograd allocate gradients anew, and now and then parameters, too: the same bits as where nothing moves.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class MovingMemoryTests(TestDevice testDevice)
{
    private Device _device = null!;

    public static IEnumerable<string> Kinds => ["adamw", "momentum", "muon", "model"];

    [SetUp]
    public void Open()
    {
        if (testDevice.Name == "opencl")
            Assert.Ignore("Memory of OpenCL has no addresses.");
        _device = testDevice.Open();
    }

    [TearDown]
    public void Close() => _device?.Dispose();

    [Test]
    public void GivesTheBitsOfMemoryThatStays([ValueSource(nameof(Kinds))] string kind, [Values(1, 2, 3)] int seed) =>
        Assert.That(Train(kind, seed, moves: true), Is.EqualTo(Train(kind, seed, moves: false)));

    [Test]
    public void OnlyAWrapperOfAPointerMoves()
    {
        using var memory = _device.CreateBuffer<float>(8);
        using var wrapper = Wrap(memory, 4);
        Assert.That(() => memory.MoveTo(wrapper.Address + 4), Throws.InvalidOperationException.With.Message.Contains("wraps an engine's pointer"));
        Assert.That(() => wrapper.Slice(1, 2).MoveTo(memory.Address), Throws.InvalidOperationException);
        Assert.That(() => wrapper.MoveTo(memory.Address + 2), Throws.ArgumentException.With.Message.Contains("multiple of 4"));
        Assert.That(() => wrapper.MoveTo(0), Throws.InstanceOf<ArgumentException>());
        Assert.That(wrapper.Address, Is.EqualTo(memory.Address));
        memory.CopyFrom([1, 2, 3, 4, 5, 6, 7, 8]);
        wrapper.MoveTo(memory.Address + 16);
        Assert.That(wrapper.ToArray(), Is.EqualTo(new float[] { 5, 6, 7, 8 }));
        wrapper.Dispose();
        Assert.That(() => wrapper.MoveTo(memory.Address), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void AReleasedGradientIsNotTouched()
    {
        using var memory = _device.CreateBuffer<float>([1, 1]);
        using var parameter = new Parameter<float>("w", [2], _device.CreateBuffer<float>([5, 5]), Wrap(memory, 2));
        using var optimizer = new Sgd([parameter], new() { LearningRate = 1 });
        parameter.ReleaseGradient();
        Assert.That(parameter.HasGradient, Is.False);
        optimizer.ZeroGradients();
        optimizer.Step();
        Assert.That(memory.ToArray(), Is.EqualTo(new float[] { 1, 1 }));
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new float[] { 5, 5 }));
        parameter.HasGradient = true;
        Assert.That(parameter.Gradient.ToArray(), Is.EqualTo(new float[] { 0, 0 }), "a gradient of its own");
        parameter.Gradient.CopyFrom([2, 2]);
        optimizer.Step();
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new float[] { 3, 3 }));
        parameter.ReleaseGradient();
        Assert.That(parameter.Gradient.ToArray(), Is.EqualTo(new float[] { 0, 0 }), "zeros again");
    }

    [Test]
    public void GradientsAreAskedForBeforeTheyAreLookedAt()
    {
        using var parameter = _device.CreateParameter<float>("w", [1]);
        using var other = _device.CreateParameter<float>("v", [1]);
        using var optimizer = new ModelOptimizer([parameter, other], Assignment.Named("w", new SgdOptions { LearningRate = 1 }), Assignment.Rest(new AdamOptions()));
        var asked = 0;
        optimizer.ReadingGradients += (sender, _) =>
        {
            Assert.That(sender, Is.SameAs(optimizer));
            asked++;
            parameter.Gradient.CopyFrom([asked]);
        };
        optimizer.Step();
        Assert.That((asked, parameter.Data.ToArray()[0]), Is.EqualTo((1, -1f)));
        optimizer.Optimizers[0].Step();
        Assert.That((asked, parameter.Data.ToArray()[0]), Is.EqualTo((2, -3f)), "a part of a model asks its owner's engine");
        optimizer.ZeroGradients();
        Assert.That((asked, parameter.Gradient.ToArray()[0]), Is.EqualTo((3, 0f)));
        using var accumulation = new GradientAccumulation(optimizer, 2);
        accumulation.Step();
        accumulation.Step();
        Assert.That((asked, parameter.Data.ToArray()[0]), Is.EqualTo((5, -3 - (4 + 5) / 2f)), "once a batch, not once more for the step");
    }

    [Test]
    public void WhatAHandlerThrowsEndsTheStepBeforeAnythingChanges()
    {
        using var parameter = _device.CreateParameter<float>("w", [1], [7]);
        using var optimizer = new AdamW([parameter]);
        parameter.Gradient.CopyFrom([1]);
        optimizer.ReadingGradients += (_, _) => throw new NotSupportedException("no gradient");
        Assert.That(optimizer.Step, Throws.TypeOf<NotSupportedException>());
        Assert.That(optimizer.ZeroGradients, Throws.TypeOf<NotSupportedException>());
        Assert.That(parameter.Data.ToArray(), Is.EqualTo(new float[] { 7 }));
        Assert.That(parameter.Gradient.ToArray(), Is.EqualTo(new float[] { 1 }));
        Assert.That(optimizer.StateDictionary().Parameters, Is.Empty);
    }

    [Test]
    public void AveragesLieInTheCallersTensors()
    {
        using var model = new RandomModel<float>(_device, [40, 50]);
        Parameter<float>[] averages = [_device.CreateParameter<float>("a", [40]), _device.CreateParameter<float>("b", [50])];
        using var average = WeightAverage.Exponential(model.Parameters, 0.9, averages);
        using var own = WeightAverage.Exponential(model.Parameters, 0.9);
        using var optimizer = new AdamW(model.Parameters) { WeightAverage = average };
        for (var step = 0; step < 4; step++)
        {
            model.NextGradients();
            optimizer.Step();
            own.Update();
        }
        Assert.That(average.Averages, Is.EqualTo(averages));
        for (var i = 0; i < 2; i++)
            Bits.AreEqual<float>(averages[i].Data.ToArray(), ((Parameter<float>)own.Averages[i]).Data.ToArray(), $"average {i}");
        var before = model.Data();
        average.Swap();
        Bits.AreEqual<float>(averages[1].Data.ToArray(), before[1], "swapped");

        Assert.That(() => WeightAverage.Equal(model.Parameters, averages[..1]), Throws.ArgumentException.With.Message.StartsWith("averages must be as many as the parameters, 2."));
        Assert.That(() => WeightAverage.Equal(model.Parameters, averages.Reverse()), Throws.ArgumentException.With.Message.StartsWith("The average of parameter 'p0 [40] Float32'"));
        Assert.That(() => WeightAverage.Equal(model.Parameters, model.Parameters), Throws.ArgumentException.With.Message.StartsWith("Parameters must not share memory."));
    }

    private string[] Train(string kind, int seed, bool moves)
    {
        var random = new Random(seed);
        var gaps = new Random(seed);
        Block[] blocks = [.. Enumerable.Range(0, 5).Select(i => new Block(_device, this, $"p{i}", [4, 6], Numbers()))];
        Parameter<float>[] parameters = [.. blocks.Select(block => block.Parameter)];
        using Optimizer optimizer = kind switch
        {
            "adamw" => new AdamW(parameters, new() { LearningRate = 0.01 }),
            "momentum" => new Sgd(parameters, new() { LearningRate = 0.01, Momentum = 0.9 }),
            "muon" => new Muon(parameters),
            _ => new ModelOptimizer(parameters, Assignment.Named("p0", new RmsPropOptions()), Assignment.Rest(new MuonOptions())),
        };
        using var average = WeightAverage.Exponential(parameters, 0.9);
        optimizer.WeightAverage = average;
        optimizer.GradientClipping = GradientClipping.ByNorm(0.5);
        for (var step = 0; step < 20; step++)
        {
            foreach (var block in blocks)
                block.Next(gaps.Next(8) == 0 ? null : Numbers(), moves ? random.Next(3) : 0, moves && random.Next(6) == 0);
            if (step == 10)
                optimizer.GradientClipping = null;
            optimizer.Step();
            if (step % 7 == 3)
                average.Swap();
        }
        return [.. parameters.Select(Bits.Hexadecimal), .. average.Averages.Select(each => Bits.Hexadecimal((Parameter<float>)each))];

        float[] Numbers() => [.. Enumerable.Range(0, 24).Select(_ => gaps.NextSingle() - 0.5f)];
    }

    private DeviceBuffer<float> Wrap(DeviceBuffer<float> memory, long length) => Wrap(memory.Address, length);

    private unsafe DeviceBuffer<float> Wrap(nint address, long length) =>
        _device is SimdDevice simd ? simd.Wrap((float*)address, length) : ((IlgpuDevice)_device).Wrap<float>(address, length);

    /// <summary>A parameter whose numbers and gradient are now in one block of memory, now in another.</summary>
    private sealed class Block
    {
        private readonly DeviceBuffer<float>[] _data, _gradients;
        private readonly DeviceBuffer<float> _gradient;
        private int _place;

        public Block(Device device, MovingMemoryTests tests, string name, long[] shape, float[] initial)
        {
            _data = [device.CreateBuffer<float>(initial), device.CreateBuffer<float>(initial.Length)];
            _gradients = [.. Enumerable.Range(0, 3).Select(_ => device.CreateBuffer<float>(initial.Length))];
            _gradient = tests.Wrap(_gradients[0], initial.Length);
            Parameter = new(name, shape, tests.Wrap(_data[0], initial.Length), _gradient);
        }

        public Parameter<float> Parameter { get; }

        public void Next(float[]? gradient, int place, bool dataMoves)
        {
            if (dataMoves)
            {
                var now = _data[_place].ToArray();
                _data[_place].CopyFrom([.. Enumerable.Repeat(float.NaN, now.Length)]);
                _place ^= 1;
                _data[_place].CopyFrom(now);
                Parameter.Data.MoveTo(_data[_place].Address);
            }
            if (gradient is null)
            {
                Parameter.ReleaseGradient();
                return;
            }
            foreach (var other in _gradients)
                other.CopyFrom([.. Enumerable.Repeat(float.NaN, gradient.Length)]);
            _gradients[place].CopyFrom(gradient);
            _gradient.MoveTo(_gradients[place].Address);
            (Parameter.Gradient, Parameter.HasGradient) = (_gradient, true);
        }
    }
}
