using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Bytes a parameter: counted in an optimizer that has made a step.</summary>
/// <param name="Parameter">Of the parameter.</param>
/// <param name="Gradient">Of the gradient.</param>
/// <param name="State">Of all that the optimizer keeps, scales and companions, too.</param>
/// <param name="Master">Of it the master copy, which is read in the parameter's place.</param>
internal sealed record MemoryOfMode(double Parameter, double Gradient, double State, double Master)
{
    private const int Rows = 256;

    /// <summary>Bytes that lie there.</summary>
    public double Held => Parameter + Gradient + State;

    /// <summary>Bytes that a step reads and writes: all, and the gradient only once; a parameter that has a master is only written.</summary>
    public double Moved => (Master > 0 ? 1 : 2) * Parameter + Gradient + 2 * State;

    /// <summary>Counts.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="states">2 for AdamW, 1 for momentum or Muon.</param>
    public static MemoryOfMode Of(TrainingMode mode, int states)
    {
        using var device = new SimdDevice(threads: 1);
        using Parameter parameter = mode.ParameterType == ElementType.BFloat16 ? device.CreateParameter<BFloat16>("p", [Rows, Rows]) : device.CreateParameter<float>("p", [Rows, Rows]);
        using var optimizer = mode.Apply(states == 2 ? new AdamWOptions() : new MuonOptions(), seed: 0).CreateOptimizer([parameter]);
        optimizer.Step();
        var tensors = optimizer.StateDictionary()["p"].Tensors;
        double BytesOf(StateTensor tensor) => (double)tensor.Bytes.Length / parameter.Length;
        var size = parameter.ElementType.Size();
        return new(size, size, tensors.Values.Sum(BytesOf), tensors.TryGetValue("master", out var master) ? BytesOf(master) : 0);
    }
}
