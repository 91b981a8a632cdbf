using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>Where a chunk of a tensor, some of whose numbers are encoded, has all of them; 0 for what it has not. Places count from its start, which 32 bits hold.</summary>
internal struct EncodedChunk
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public long Gradient;
    public long Parameter;
    public long Rest;
    public long State0;
    public long State1;
    public long State2;
    public long Scales0;
    public long Scales1;
    public long Scales2;
    public long Average;

    /// <summary>How many elements it has.</summary>
    public int End;

    /// <summary>1 if four neighbours are reached at once.</summary>
    public int IsAligned;

    /// <summary>The key of its random numbers.</summary>
    public ulong Key;

    /// <summary>The index of its first element in the whole tensor that its tensor may be a part of.</summary>
    public long Start;

    /// <summary>The number of the step.</summary>
    public uint Step;

    /// <summary>That of a group of threads.</summary>
    [MethodImpl(Inline)]
    public static EncodedChunk Of<TElement, TParameter, TGradient, TState0, TState1, TState2>(GpuChunk chunk, GpuSegment segment, EncodedTensor tensor, long gradient, uint step)
        where TElement : IFormat
        where TParameter : IGpuEncoding
        where TGradient : IFormat
        where TState0 : IGpuEncoding
        where TState1 : IGpuEncoding
        where TState2 : IGpuEncoding
    {
        var start = (long)chunk.Index * UpdateKernel.ChunkLength;
        var block = start / EncodedStretch.BlockLength;
        var all = tensor.Parameter | tensor.Rest | tensor.State0 | tensor.State1 | tensor.State2 | segment.Average | gradient;
        return new()
        {
            Gradient = At(gradient, start, TGradient.Size),
            Parameter = At(tensor.Parameter, start, TParameter.NumberSize),
            Rest = At(tensor.Rest, start, TParameter.CompanionSize),
            State0 = At(tensor.State0, start, TState0.NumberSize),
            State1 = At(tensor.State1, start, TState1.NumberSize),
            State2 = At(tensor.State2, start, TState2.NumberSize),
            Scales0 = At(tensor.Scales0, block, sizeof(float)),
            Scales1 = At(tensor.Scales1, block, sizeof(float)),
            Scales2 = At(tensor.Scales2, block, sizeof(float)),
            Average = At(segment.Average, start, TElement.Size),
            End = (int)IntrinsicMath.Min(UpdateKernel.ChunkLength, segment.Length - start),
            IsAligned = Utilities.Select((all & 15) == 0, 1, 0),
            Key = tensor.Key,
            Start = tensor.Start + start,
            Step = step,
        };
    }

    /// <summary>The address of an element; nowhere stays nowhere.</summary>
    [MethodImpl(Inline)]
    private static long At(long start, long index, int size) => start == 0 ? 0 : start + index * size;
}
