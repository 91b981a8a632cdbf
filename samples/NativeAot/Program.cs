using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

// A program compiled ahead, without a JIT: it fits a matrix with Muon and a vector with AdamW, stops, and goes on from a file to the same bits.
// Compiled ahead there is no ILGPU, which compiles kernels at run time; the device is simd.
var file = Path.Combine(Path.GetTempPath(), $"native-aot-{Environment.ProcessId}.safetensors");
using var device = Device.Open();
Console.WriteLine(device.Description);

float[][] Train(int from, int to)
{
    using var weight = device.CreateParameter<float>("weight", [32, 48]);
    using var bias = device.CreateParameter<float>("bias", [48]);
    using var optimizer = new ModelOptimizer(
        [weight, bias],
        Assignment.Where("matrices", parameter => parameter.Shape.Count == 2, new MuonOptions { LearningRate = 0.02 }),
        Assignment.Rest(new AdamWOptions { LearningRate = 0.01 }));
    if (from > 0)
    {
        Checkpoint.LoadParameters(file, [weight, bias]);
        Checkpoint.Load(file, optimizer);
    }
    for (var step = from; step < to; step++)
    {
        // The gradient of half the squared distance to a target.
        foreach (Parameter<float> parameter in (Parameter<float>[])[weight, bias])
        {
            for (var i = 0; i < parameter.Length; i++)
                parameter.Gradient.Span[i] = parameter.Data.Span[i] - MathF.Sin(i);
        }
        optimizer.Step();
    }
    Checkpoint.Save(file, optimizer);
    return [weight.Data.ToArray(), bias.Data.ToArray()];
}

var whole = Train(0, 40);
Train(0, 25);
var resumed = Train(25, 40);
File.Delete(file);
var isSame = whole.Zip(resumed).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
var distance = Math.Sqrt(whole.Sum(tensor => tensor.Select((value, i) => Math.Pow(value - Math.Sin(i), 2)).Sum()));
Console.WriteLine($"distance to the target {distance:F3}; resumed: {(isSame ? "the same bits" : "OTHER BITS")}");
return isSame ? 0 : 1;
