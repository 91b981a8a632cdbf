using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>A training run with some precisions: large and small tensors, float and bfloat16, and a group with the parameters' own precision.</summary>
internal sealed class PrecisionRun : IDisposable
{
    private readonly SimdDevice _device = new(threads: 1);

    /// <summary>Makes it.</summary>
    /// <param name="options">The optimizer and its precisions. Small is what has fewer than 100 elements.</param>
    /// <param name="isFloat">Whether all parameters are float.</param>
    public PrecisionRun(OptimizerOptions options, bool isFloat = false)
    {
        options = options with { FullPrecisionBelow = 100 };
        // Three blocks, of which the last one has a part; one; and less than one.
        Parameters = [Create<float>("wide", [20, 30]), isFloat ? Create<float>("narrow", [16, 20]) : Create<BFloat16>("narrow", [16, 20]), Create<float>("small", [3, 4]), Create<float>("usual", [15, 10])];
        Optimizer = options.CreateOptimizer(Parameters[..3]);
        Optimizer.AddGroup(Parameters[3..], options with { StatePrecision = StatePrecision.SameAsParameter, ParameterRounding = ParameterRounding.Nearest, LearningRate = 0.5 * options.LearningRate });
    }

    public static IEnumerable<OptimizerOptions> Kinds =>
    [
        new SgdOptions { LearningRate = 0.01 },
        new SgdOptions { LearningRate = 0.01, Momentum = 0.9 },
        new RmsPropOptions { Momentum = 0.9 },
        new AdamOptions { Amsgrad = true },
        new AdamWOptions(),
        new MuonOptions(),
    ];

    public Parameter[] Parameters { get; }

    public Optimizer Optimizer { get; }

    public PrecisionRun Train(int first, int steps)
    {
        for (var step = first; step < first + steps; step++)
        {
            foreach (var parameter in Parameters)
            {
                float[] values = [.. Enumerable.Range(0, (int)parameter.Length).Select(i => MathF.Sin(i + 3 * step + 1) * (1 + i % 7))];
                if (parameter is Parameter<float> single)
                    single.Gradient.CopyFrom(values);
                else
                    ((Parameter<BFloat16>)parameter).Gradient.CopyFrom([.. values.Select(value => (BFloat16)value)]);
            }
            Optimizer.Step();
        }
        return this;
    }

    /// <summary>All there is: parameters, state, rates.</summary>
    public IReadOnlyList<object?> Snapshot() => [.. Parameters.Select(Bits.Hexadecimal), .. StateSnapshot.Of(Optimizer.StateDictionary())];

    public void Dispose()
    {
        Optimizer.Dispose();
        _device.Dispose();
    }

    private Parameter<T> Create<T>(string name, long[] shape) where T : unmanaged =>
        _device.CreateParameter<T>(name, shape, [.. Enumerable.Range(0, (int)(shape[0] * shape[1])).Select(i => Bits.FromFloat<T>(MathF.Cos(i)))]);
}
