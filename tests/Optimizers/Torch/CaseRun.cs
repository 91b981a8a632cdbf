using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>The model of the recorded cases: 29 numbers in six parameters, trained with AdamW.</summary>
internal sealed class CaseRun : IDisposable
{
    /// <summary>Names and shapes of its parameters.</summary>
    public static readonly IReadOnlyList<(string Name, long[] Shape)> Layout =
        [("0.weight", [3, 4]), ("0.bias", [3]), ("1.weight", [3]), ("1.bias", [3]), ("2.weight", [2, 3]), ("2.bias", [2])];

    private readonly SimdDevice _device = new(threads: 1);

    public CaseRun()
    {
        Parameters = Model<float>(_device);
        Optimizer = new(Parameters);
    }

    /// <summary>Its parameters, of zeros.</summary>
    public static Parameter<T>[] Model<T>(Device device) where T : unmanaged => [.. Layout.Select(each => device.CreateParameter<T>(each.Name, each.Shape))];

    /// <summary>A recording of a case.</summary>
    public static string File(string name) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Cases", name);

    public Parameter<float>[] Parameters { get; }

    public AdamW Optimizer { get; }

    /// <summary>Gradients, and parameters before and after the step with them.</summary>
    public (float[] Gradients, float[] Before, float[] After) Read(string name)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(System.IO.File.ReadAllBytes(File(name)));
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
