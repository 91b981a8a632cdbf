using GpuOptim.Kernels.Encodings;
using unsafe UpdateKernel = delegate*<void*, GpuOptim.Kernels.Simd.UpdatePiece*, int, nint*, bool, void>;

namespace GpuOptim.Kernels.Simd;

/// <summary>Runs a rule's loop on tensors some of whose numbers are encoded: stretch by stretch, short enough that floats stay in the first cache.</summary>
/// <param name="types">The types of the update.</param>
internal readonly unsafe struct EncodedLoop(UpdateTypes types)
{
    /// <summary>Elements of a stretch: whole blocks, and no more than what goes in and out of the first cache while others pass through it.</summary>
    public const int StretchLength = 512;

    /// <summary>What random numbers are for.</summary>
    public const uint ParameterUse = 0, State0Use = 1, State1Use = 2, State2Use = 3;

    private readonly int _elementSize = types.Element.Size();
    private readonly int _stateSize = types.State.Size();
    private readonly Codec _parameter = Codec.Of(types.Rounding, types.Element);
    private readonly Codec _state0 = Codec.Of(types.Encoding, (types.NonNegative & 1) != 0);
    private readonly Codec _state1 = Codec.Of(types.Encoding, (types.NonNegative & 2) != 0);
    private readonly Codec _state2 = Codec.Of(types.Encoding, (types.NonNegative & 4) != 0);

    /// <summary>Updates a part of a tensor.</summary>
    /// <param name="kernel">The loop, for what numbers are once decoded.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="step">The number of its step.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="gradient">Where its gradient begins.</param>
    /// <param name="start">The first element of the part; a multiple of a block's.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits.</param>
    public void Run(UpdateKernel kernel, void* rule, uint step, in EncodedTensor tensor, nint gradient, nint start, int length, int vectorBits)
    {
        var values = Scratch.Decoded(4 * StretchLength);
        float* parameter = values, state0 = values + StretchLength, state1 = state0 + StretchLength, state2 = state1 + StretchLength;
        for (var end = start + length; start < end; start += StretchLength)
        {
            var count = (int)Math.Min(StretchLength, end - start);
            var piece = new UpdatePiece(
                Read(_parameter, tensor.Parameter, tensor.Rest, _elementSize, start, count, parameter, vectorBits),
                Read(_state0, tensor.State0, tensor.Scales0, _stateSize, start, count, state0, vectorBits),
                Read(_state1, tensor.State1, tensor.Scales1, _stateSize, start, count, state1, vectorBits),
                Read(_state2, tensor.State2, tensor.Scales2, _stateSize, start, count, state2, vectorBits),
                start,
                tensor: 0,
                count);
            kernel(rule, &piece, 1, &gradient, false);
            var random = new RandomStream(tensor.Key, tensor.Start + start, step, ParameterUse);
            Write(_parameter, tensor.Parameter, tensor.Rest, start, count, parameter, random, vectorBits);
            Write(_state0, tensor.State0, tensor.Scales0, start, count, state0, random with { Use = State0Use }, vectorBits);
            Write(_state1, tensor.State1, tensor.Scales1, start, count, state1, random with { Use = State1Use }, vectorBits);
            Write(_state2, tensor.State2, tensor.Scales2, start, count, state2, random with { Use = State2Use }, vectorBits);
        }
    }

    /// <summary>Where a loop finds the numbers of a stretch: where they are, or where they were decoded to.</summary>
    private static nint Read(in Codec codec, long numbers, long companion, int size, nint start, int count, float* values, int vectorBits)
    {
        if (numbers == 0)
            return 0;
        if (codec.IsNone)
            return (nint)numbers + start * size;
        codec.Decode((nint)numbers, (nint)companion, start, count, values, vectorBits);
        return (nint)values;
    }

    private static void Write(in Codec codec, long numbers, long companion, nint start, int count, float* values, in RandomStream random, int vectorBits)
    {
        if (numbers != 0 && !codec.IsNone)
            codec.Encode((nint)numbers, (nint)companion, start, count, values, random, vectorBits);
    }
}
