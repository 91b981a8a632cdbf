using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>
/// How an optimizer changes one element: pure math over lanes, holding nothing but this step's constants.
/// </summary>
/// <remarks>
/// Implement it with a small <c>readonly record struct</c> whose constructor folds the hyper-parameters in <see cref="double"/> and rounds
/// each constant to <see cref="float"/> once, as PyTorch does, and whose <see cref="Apply"/> is marked for aggressive inlining.
/// The same rule then runs over every lane: element types, vector widths, devices. Its fields are <see cref="float"/>, <see cref="int"/> and
/// <see cref="Flag"/>, which lie in memory alike on all of them.
/// </remarks>
public interface IUpdateRule
{
    /// <summary>How many state tensors the rule may use, 0 to 3; the others are neither read nor written.</summary>
    static abstract int StateCount { get; }

    /// <summary>
    /// Updates one lane in place. A state tensor that is not in use, because of an option or because the rule has fewer, holds zeros,
    /// and what is written to it is dropped.
    /// </summary>
    /// <param name="parameter">The parameter; becomes the updated one.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="state0">The first state tensor, in the order in which the optimizer declares them.</param>
    /// <param name="state1">The second.</param>
    /// <param name="state2">The third.</param>
    void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T>;
}
