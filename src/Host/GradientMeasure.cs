namespace GpuOptim.Host;

/// <summary>The norm of all gradients of an optimizer's tables, and the factor that takes it down to a most.</summary>
internal abstract class GradientMeasure : IDisposable
{
    /// <summary>Takes the norm of the gradients that the tables' columns name.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="order">1, 2 or infinite.</param>
    /// <param name="maxNorm">The most.</param>
    /// <returns>
    /// The factor; 1 if only the device knows it: then it writes it into the rules of each table whose <see cref="UpdateBatch.Measure"/> this is.
    /// </returns>
    public abstract float Take(ReadOnlySpan<UpdateBatch> tables, double order, float maxNorm);

    /// <summary>The norm that was taken last. Waits for the device.</summary>
    public abstract double Read();

    public abstract void Dispose();
}
