using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Small matrices on tensor cores, which one launch orthogonalizes.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class SmallMatrixTests : CardTest
{
    /// <summary>To the bits of a launch for each operation, which are taken where deviations are asked for.</summary>
    [TestCase(1, 1)]
    [TestCase(33, 17)]
    [TestCase(40, 128)]
    [TestCase(128, 64)]
    [TestCase(127, 100)]
    public void OneLaunchGivesTheBitsOfMany(int rows, int columns)
    {
        const int Count = 3;
        using var device = new IlgpuDevice(Accelerator);
        var random = new Random(rows);
        // The second is zero.
        float[] numbers = [.. Enumerable.Range(0, Count * rows * columns).Select(i => i / (rows * columns) == 1 ? 0 : random.NextSingle() - 0.5f)];
        using var source = device.CreateBuffer<float>(numbers);
        using var actual = device.CreateBuffer<float>(numbers.Length);
        using var expected = device.CreateBuffer<float>(numbers.Length);
        using var deviations = device.CreateBuffer<float>(Count);
        device.Orthogonalize(source, expected, rows, columns, deviations: deviations);
        var before = device.Counters;
        device.Orthogonalize(source, actual, rows, columns);
        Assert.That((device.Counters - before).Launches, Is.EqualTo(3));
        Bits.AreEqual<float>(actual.ToArray(), expected.ToArray(), "element");
    }

    /// <summary>Directions, Newton-Schulz, update, for each shape; also where a matrix has no gradient, which stays as it is, and in a graph.</summary>
    [Test]
    public void MuonIsThreeLaunchesAShape([Values] bool usesGraphs)
    {
        (int Rows, int Columns)[] shapes = [(20, 40), (20, 40), (20, 40), (100, 33)];
        float[] Train(IlgpuDevice device, Func<Parameter<float>[], Optimizer> create)
        {
            Parameter<float>[] parameters = [.. shapes.Select((shape, i) => device.CreateParameter<float>($"p{i}", [shape.Rows, shape.Columns], new float[shape.Rows * shape.Columns]))];
            foreach (var (parameter, i) in parameters.Select((parameter, i) => (parameter, i)))
                parameter.Gradient.CopyFrom([.. Enumerable.Range(0, (int)parameter.Length).Select(j => MathF.Sin(i + j * j))]);
            parameters[1].HasGradient = false;
            using var optimizer = create(parameters);
            for (var step = 0; step < 4; step++)
                optimizer.Step();
            return [.. parameters.SelectMany(parameter => parameter.Data.ToArray())];
        }

        using var device = new IlgpuDevice(Accelerator) { UseGraphs = usesGraphs };
        var before = device.Counters;
        var trained = Train(device, parameters => new Muon(parameters));
        if (!usesGraphs)
            Assert.That((device.Counters - before).Launches, Is.EqualTo(4 * 2 * 3));
        Assert.That(trained[(20 * 40)..(2 * 20 * 40)], Is.All.Zero);
        using var plain = new IlgpuDevice(Accelerator) { UseTensorCores = false };
        var expected = Train(plain, parameters => new Muon(parameters));
        // Four steps of 0.001; tensor cores sum in an order of their own.
        Assert.That(trained, Is.EqualTo(expected).Within(1e-4));
    }

    [Test]
    public void PlansCountTheLaunch()
    {
        using var device = new IlgpuDevice(Accelerator);
        using var plain = new IlgpuDevice(Accelerator) { UseTensorCores = false };
        int Launches(int rows, int columns, Device on) => NewtonSchulzPlan.For(rows, columns, 0.5, device: on).Launches;
        Assert.That((Launches(100, 128, device), Launches(100, 128, plain) > 1, Launches(100, 129, device) > 1), Is.EqualTo((1, true, true)));
    }
}
