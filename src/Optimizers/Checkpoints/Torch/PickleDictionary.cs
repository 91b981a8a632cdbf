namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A dictionary in a pickle: its keys are texts and whole numbers.</summary>
internal sealed class PickleDictionary : OrderedDictionary<object, object?>
{
    /// <summary>An empty one.</summary>
    public PickleDictionary()
    {
    }

    /// <summary>One with these entries.</summary>
    public PickleDictionary(IEnumerable<KeyValuePair<object, object?>> entries)
        : base(entries)
    {
    }
}
