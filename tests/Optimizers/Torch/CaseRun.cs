using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>The model of the recorded cases: 29 numbers in six parameters, trained with AdamW.</summary>
internal sealed class CaseRun : IDisposable
{
    private readonly SimdDevice _device = new(threads: 1);

    public CaseRun()
    {
        Parameters =
        [
            _device.CreateParameter("0.weight", [3, 4]), _device.CreateParameter("0.bias", [3]), _device.CreateParameter("1.weight", [3]),
            _device.CreateParameter("1.bias", [3]), _device.CreateParameter("2.weight", [2, 3]), _device.CreateParameter("2.bias", [2]),
        ];
        Optimizer = new(Parameters);
    }

    public Parameter<float>[] Parameters { get; }

    public AdamW Optimizer { get; }

    /// <summary>Gradients, and parameters before and after the step with them.</summary>
    public (float[] Gradients, float[] Before, float[] After) Read(string path)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path));
        var count = (int)Parameters.Sum(parameter => parameter.Data.Length);
        return (numbers[..count].ToArray(), numbers[count..(2 * count)].ToArray(), numbers[(2 * count)..].ToArray());
    }

    public float[] Values() => [.. Parameters.SelectMany(parameter => parameter.Data.ToArray())];

    public void Step(ReadOnlySpan<float> gradients)
    {
        foreach (var parameter in Parameters)
        {
            parameter.Gradient.CopyFrom(gradients[..(int)parameter.Data.Length]);
            gradients = gradients[(int)parameter.Data.Length..];
        }
        Optimizer.Step();
    }

    public void Dispose() => _device.Dispose();
}
