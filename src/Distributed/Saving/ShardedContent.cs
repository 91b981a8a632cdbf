using GpuOptim.Distributed.Sharding;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Distributed.Saving;

/// <summary>What a rank writes of a checkpoint.</summary>
/// <param name="Pieces">What it owns, by the names of pieces.</param>
/// <param name="Tensors">The type and shape of all tensors, whoever has them.</param>
/// <param name="Metadata">What the run has besides.</param>
internal sealed record ShardedContent(
    IReadOnlyDictionary<string, StateTensor> Pieces, IReadOnlyDictionary<string, (string Type, long[] Shape)> Tensors, CheckpointMetadata Metadata)
{
    /// <summary>What lies on this rank's device; it changes with the next step.</summary>
    /// <exception cref="ArgumentException">A parameter's name cannot be written.</exception>
    public static ShardedContent Of(ShardedOptimizer optimizer, IReadOnlySet<string> averaged, IReadOnlyList<ISchedule> schedules)
    {
        var (tensors, state) = optimizer.OwnContent(averaged);
        var pieces = new Dictionary<string, StateTensor>();
        foreach (var (name, tensor) in tensors)
        {
            foreach (var (start, end, bytes) in ((OwnBytes)tensor.Bytes).Pieces)
                pieces.Add(ShardFile.PieceName(name, start, end), new(tensor.ElementType, [end - start], bytes));
        }
        return new(pieces, tensors.ToDictionary(pair => pair.Key, pair => (SafetensorsWriter.TypeName(pair.Value.ElementType), pair.Value.Shape.ToArray())), CheckpointContent.MetadataOf(optimizer, state, schedules));
    }
}
