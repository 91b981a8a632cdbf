using GpuOptim.Host;

namespace GpuOptim.Tests.Support;

/// <summary>Parameters w0, w1, … of given shapes with random numbers, and random gradients step after step; the same for the same seed.</summary>
internal sealed class MatrixModel : IDisposable
{
    private readonly Random _random;

    public MatrixModel(Device device, IReadOnlyList<long[]> shapes, int seed = 1)
    {
        _random = new Random(seed);
        Parameters = [.. shapes.Select((shape, i) => device.CreateParameter<float>($"w{i}", shape, Numbers(shape)))];
    }

    public Parameter<float>[] Parameters { get; }

    public void NextGradients()
    {
        foreach (var parameter in Parameters)
            parameter.Gradient.CopyFrom(Numbers(parameter.Shape));
    }

    public float[][] Data() => [.. Parameters.Select(parameter => parameter.Data.ToArray())];

    public void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
    }

    private float[] Numbers(IEnumerable<long> shape) => [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => _random.NextSingle() * 2 - 1)];
}
