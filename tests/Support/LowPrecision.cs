using System.Runtime.InteropServices;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Support;

/// <summary>Ways to keep state and parameters in fewer bits, and optimizers to keep them so.</summary>
internal static unsafe class LowPrecision
{
    /// <summary>One of each optimizer that has state, and all of its state that may be encoded; every tensor's state is encoded.</summary>
    public static IEnumerable<OptimizerOptions> Optimizers =>
    [
        new SgdOptions { LearningRate = 0.1, Momentum = 0.9, Dampening = 0.1, WeightDecay = 0.01, FullPrecisionBelow = 0 },
        new RmsPropOptions { LearningRate = 0.01, Momentum = 0.9, Epsilon = 1e-3, FullPrecisionBelow = 0 },
        new AdamWOptions { LearningRate = 0.01, Amsgrad = true, FullPrecisionBelow = 0 },
        new AdamOptions { LearningRate = 0.01, WeightDecay = 0.01, FullPrecisionBelow = 0 },
    ];

    /// <summary>All precisions of state, and how they are rounded.</summary>
    public static IEnumerable<(StatePrecision Precision, StateRounding Rounding)> States =>
    [
        (StatePrecision.Float32, StateRounding.Nearest),
        (StatePrecision.BFloat16, StateRounding.Nearest),
        (StatePrecision.BFloat16, StateRounding.Stochastic),
        (StatePrecision.Float16, StateRounding.Nearest),
        (StatePrecision.Float16, StateRounding.Stochastic),
        (StatePrecision.Blockwise8, StateRounding.Nearest),
        (StatePrecision.Blockwise8, StateRounding.Stochastic),
    ];

    /// <summary>The options of an optimizer with each of these, and with each rounding of parameters.</summary>
    public static IEnumerable<OptimizerOptions> Modes(bool roundsParameters) =>
        from options in Optimizers
        from state in States
        from rounding in roundsParameters ? Enum.GetValues<ParameterRounding>() : [ParameterRounding.Nearest]
        select options with { StatePrecision = state.Precision, StateRounding = state.Rounding, ParameterRounding = rounding, RoundingSeed = 7 };

    /// <summary>A tensor's state as floats, by the scalar form of its encoding.</summary>
    public static float[] Decode(Codec codec, byte[] numbers, byte[] companion, int length)
    {
        var values = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, length * sizeof(float)), 64);
        try
        {
            fixed (byte* from = Padded(numbers), with = Padded(companion))
                codec.Decode((nint)from, companion.Length == 0 ? 0 : (nint)with, 0, length, values, 32);
            return new Span<float>(values, length).ToArray();
        }
        finally
        {
            NativeMemory.AlignedFree(values);
        }
    }

    /// <summary>The bytes that floats become, by the scalar form of an encoding.</summary>
    public static (byte[] Numbers, byte[] Companion) Encode(Codec codec, float[] floats, RandomStream random, int numberBytes, int companionBytes)
    {
        var (numbers, companion) = (new byte[Math.Max(1, numberBytes)], new byte[Math.Max(1, companionBytes)]);
        var values = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, floats.Length * sizeof(float)), 64);
        try
        {
            floats.CopyTo(new Span<float>(values, floats.Length));
            fixed (byte* to = numbers, with = companion)
                codec.Encode((nint)to, companionBytes == 0 ? 0 : (nint)with, 0, floats.Length, values, random, 32);
            return (numbers[..numberBytes], companion[..companionBytes]);
        }
        finally
        {
            NativeMemory.AlignedFree(values);
        }
    }

    /// <summary>A short text for a mode.</summary>
    public static string Describe(OptimizerOptions options) =>
        $"{options.GetType().Name[..^"Options".Length]}, {options.StatePrecision} {options.StateRounding}, {options.ParameterRounding}";

    private static byte[] Padded(byte[] bytes) => bytes.Length == 0 ? new byte[1] : bytes;
}
