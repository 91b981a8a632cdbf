using GpuOptim.Kernels.Scaling;

namespace GpuOptim.Host;

/// <summary>
/// Measures all gradients of an optimizer's tables in one pass, and finds what is done to them: the factors that undo a loss scale and take a norm
/// down to a most, and whether the step is skipped because a gradient is not finite.
/// </summary>
internal abstract class GradientNorm : IDisposable
{
    /// <summary>Checks that may be on their way from the device at once.</summary>
    public const int MaxInFlight = 32;

    /// <summary>How many checks there are that were not read.</summary>
    public abstract int InFlight { get; }

    /// <summary>Takes the norm of the gradients that the tables' columns name, and moves the loss scale on.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="request">What is asked.</param>
    /// <returns>The check; null if only the device knows it: then it takes what follows for each table whose <see cref="UpdateBatch.GradientNorm"/> this is.</returns>
    public abstract GradientCheck? Take(ReadOnlySpan<UpdateBatch> tables, in GradientNormRequest request);

    /// <summary>The next check that was asked to be reported, in order.</summary>
    /// <param name="wait">Whether to wait for the device if it is on its way.</param>
    /// <param name="check">The check.</param>
    /// <returns>Whether it is there.</returns>
    public abstract bool TryRead(bool wait, out GradientCheck check);

    /// <summary>The norm that was taken last. Waits for the device.</summary>
    public abstract double ReadNorm();

    public abstract void Dispose();
}
