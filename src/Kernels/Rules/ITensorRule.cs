namespace GpuOptim.Kernels.Rules;

/// <summary>How a parameter moves along a direction, where that depends on the sizes of both, as trust ratios and limits of updates do.</summary>
/// <remarks>
/// An <see cref="IUpdateRule"/> of no state that takes the direction in the gradient's place; <see cref="For"/> completes it for a tensor, whose squares were summed in double,
/// in one order on all devices.
/// </remarks>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ITensorRule<TSelf> : IUpdateRule where TSelf : struct, ITensorRule<TSelf>
{
    /// <summary>The rule for a tensor: <see cref="IUpdateRule.Apply"/> is asked of what this gives.</summary>
    /// <param name="parameterSquares">The sum of the parameter's squares, before the update.</param>
    /// <param name="directionSquares">The sum of the direction's squares.</param>
    /// <param name="length">How many elements there are.</param>
    TSelf For(double parameterSquares, double directionSquares, long length);
}
