using GpuOptim.Host;

namespace GpuOptim.Tests.Support;

/// <summary>Parameters p0, p1, … of given lengths with random numbers, and random gradients step after step; the same for the same seed.</summary>
internal sealed class RandomModel<T> : IDisposable where T : unmanaged
{
    private readonly Random _random;

    public RandomModel(Device device, ReadOnlySpan<int> lengths, int seed = 1)
    {
        _random = new Random(seed);
        Parameters = new Parameter<T>[lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
            Parameters[i] = device.CreateParameter($"p{i}", [lengths[i]], Numbers(lengths[i]));
    }

    public Parameter<T>[] Parameters { get; }

    public void NextGradients()
    {
        foreach (var parameter in Parameters)
            parameter.Gradient.CopyFrom(Numbers((int)parameter.Length));
    }

    public T[][] Data() => [.. Parameters.Select(parameter => parameter.Data.ToArray())];

    public void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
    }

    private T[] Numbers(int count)
    {
        var numbers = new T[count];
        for (var i = 0; i < count; i++)
            numbers[i] = Bits.FromFloat<T>(_random.NextSingle() * 2 - 1);
        return numbers;
    }
}
