using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Tests.Support;
using Device = GpuOptim.Host.Device;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>The product by warpgroups on a card of compute capability 9.0.</summary>
[NonParallelizable]
public sealed class WarpgroupTests : CardTest
{
    /// <summary>Singular values go where they go on the CPU, whatever the shape: rows that are no whole lines, ends of tiles, batches.</summary>
    [Test]
    public void WarpgroupsOrthogonalizeAsTheCpu()
    {
        if (!WarpgroupProduct.RunsOn(Accelerator.Architecture))
            Assert.Ignore($"The card is {Accelerator.Architecture}, not SM_90.");
        using var log = new LogListener();
        using var variable = new EnvironmentVariable(WarpgroupProduct.Variable, "1");
        using var device = new IlgpuDevice(Accelerator, loggerFactory: log);
        using var simd = new SimdDevice();
        foreach (var (rows, columns, count) in ((int, int, int)[])[(3, 150, 2), (136, 40, 2), (129, 300, 1)])
        {
            var random = new Random(rows);
            float[] numbers = [.. Enumerable.Range(0, count * rows * columns).Select(_ => random.NextSingle() - 0.5f)];
            var (actual, expected) = (Orthogonalize(device, numbers, rows, columns), Orthogonalize(simd, numbers, rows, columns));
            var difference = Math.Sqrt(actual.Zip(expected, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(value => (double)value * value));
            // Five steps of bfloat16, each rounded to 8 bits; the CPU's result is as far from exact arithmetic.
            Assert.That(difference, Is.LessThan(0.02), $"{rows} x {columns}");
        }
        var products = log.Lines.Where(line => line.Contains("Product", StringComparison.Ordinal)).ToArray();
        Assert.That(products, Has.Length.EqualTo(3).And.All.Contains(nameof(WarpgroupProduct)));
    }

    private static float[] Orthogonalize(Device device, float[] numbers, int rows, int columns)
    {
        using var source = device.CreateBuffer<float>(numbers);
        using var result = device.CreateBuffer<float>(numbers.Length);
        // Twice: what the first run left in memory must not be in the second's sums.
        device.Orthogonalize(source, result, rows, columns);
        device.Orthogonalize(source, result, rows, columns);
        return result.ToArray();
    }
}
