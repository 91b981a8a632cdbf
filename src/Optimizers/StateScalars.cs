namespace GpuOptim.Optimizers;

/// <summary>The numbers that an optimizer declared by <see cref="StateScalar{TOptions}"/>, in their order, of one parameter.</summary>
/// <param name="First">The first; 0 if there is none.</param>
/// <param name="Second">The second; 0 if there is none.</param>
public readonly record struct StateScalars(float First, float Second)
{
    /// <summary>How many there may be.</summary>
    internal const int MaxCount = 2;

    /// <summary>One of them.</summary>
    internal float this[int index] => index == 0 ? First : Second;

    /// <summary>With another value of one of them.</summary>
    internal StateScalars With(int index, double value) => index == 0 ? this with { First = (float)value } : this with { Second = (float)value };
}
