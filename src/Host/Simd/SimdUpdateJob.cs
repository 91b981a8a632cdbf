using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, GpuOptim.Kernels.Simd.UpdatePiece*, int, nint*, bool, void>;

namespace GpuOptim.Host.Simd;

/// <summary>One update of a batch, chunk by chunk. Parameters' averages are updated while the chunk is still in the cache.</summary>
/// <param name="batch">The batch.</param>
/// <param name="gradients">Its gradients.</param>
/// <param name="rules">The rules.</param>
/// <param name="ruleSize">Bytes from one to the next.</param>
/// <param name="kernels">The loop of each.</param>
/// <param name="averageKernel">The loop of averages.</param>
/// <param name="stepOffset">Where in a rule the number of its step is, if numbers are encoded.</param>
/// <param name="vectorBits">Width of the vectors.</param>
internal readonly unsafe struct SimdUpdateJob(SimdUpdateBatch batch, nint* gradients, byte* rules, int ruleSize, nint[] kernels, UpdateKernel averageKernel, int stepOffset, int vectorBits) : IChunkedJob
{
    private readonly int _gradientSize = batch.GradientType.Size();

    // Optimized from the first call: a step over many small tensors is as much this as the loops.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int chunk)
    {
        if (batch.IsEncoded)
            UpdateEncoded(chunk);
        else
            Update(chunk);
        if (batch.HasAverages)
        {
            var (first, last) = batch.AveragePiecesOf(chunk);
            var average = batch.Average;
            averageKernel(&average, batch.AveragePieces + first, last - first, batch.Parameters, batch.AsksAhead);
        }
    }

    /// <summary>Updates the pieces of a chunk one by one: each goes through the cache as floats.</summary>
    private void UpdateEncoded(int chunk)
    {
        var (piece, end) = batch.PiecesOf(chunk);
        for (; piece < end; piece++)
        {
            ref readonly var stretch = ref batch.Pieces[piece];
            if (gradients[stretch.Tensor] == 0)
                continue;
            var rule = batch.Rules[stretch.Tensor];
            var constants = rules + (nint)rule * ruleSize;
            batch.EncodedLoop.Run(
                (UpdateKernel)kernels[rule], constants, *(uint*)(constants + stepOffset), batch.EncodedTensors[stretch.Tensor], gradients[stretch.Tensor], stretch.Start, stretch.Length, vectorBits);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Update(int chunk)
    {
        var pieces = batch.Pieces;
        var ruleIndices = batch.Rules;
        var (piece, end) = batch.PiecesOf(chunk);
        while (piece < end)
        {
            var next = piece + 1;
            var tensor = pieces[piece].Tensor;
            if (gradients[tensor] == 0)
            {
                piece = next;
                continue;
            }
            var rule = ruleIndices[tensor];
            var kernel = (UpdateKernel)kernels[rule];
            var constants = rules + (nint)rule * ruleSize;

            // What lies in one piece of memory is gone through in one.
            var length = pieces[piece].Length;
            for (; next < end && Follows(next) && ruleIndices[pieces[next].Tensor] == rule; next++)
                length += pieces[next].Length;
            if (next > piece + 1)
            {
                var all = pieces[piece] with { Length = length };
                kernel(constants, &all, 1, gradients, batch.AsksAhead);
            }
            else
            {
                // Other neighbours of the same rule are one call at least. Where there is no gradient, no rule was written either.
                while (next < end && !Follows(next) && (gradients[pieces[next].Tensor] == 0 || ruleIndices[pieces[next].Tensor] == rule))
                    next++;
                kernel(constants, pieces + piece, next - piece, gradients, batch.AsksAhead);
            }
            piece = next;
        }
    }

    /// <summary>Whether a piece, gradient and all, lies right behind the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Follows(int piece)
    {
        if (!batch.LiesBehind[piece])
            return false;
        var (before, tensor) = (batch.Pieces[piece - 1].Tensor, batch.Pieces[piece].Tensor);
        return gradients[before] != 0 && gradients[tensor] == gradients[before] + (nint)batch.Lengths[before] * _gradientSize;
    }
}
