using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Support;

/// <summary>What an optimizer remembers, and its rates, as a list of values that tests compare.</summary>
internal static class StateSnapshot
{
    public static IEnumerable<object?> Of(StateDictionary state) =>
    [
        // Of a parameter without momentum there is nothing to remember, whether it was updated or not.
        .. state.Parameters.Where(pair => pair.Value.Names.Any()).OrderBy(pair => pair.Key).SelectMany(pair =>
            (object?[])[pair.Key, pair.Value.Step, .. pair.Value.Tensors.SelectMany(tensor => (object?[])[tensor.Key, Convert.ToHexString(tensor.Value.Bytes.ToArray())])]),
        .. state.Groups.Select(group => (object)group.Options.LearningRate),
    ];
}
