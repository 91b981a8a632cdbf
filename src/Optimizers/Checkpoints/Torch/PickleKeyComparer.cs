using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Compares keys of dictionaries: texts and numbers by value, anything else by reference, so that nothing depends on what is within.</summary>
internal sealed class PickleKeyComparer : IEqualityComparer<object>
{
    public static PickleKeyComparer Instance { get; } = new();

    /// <inheritdoc/>
    public new bool Equals(object? x, object? y) => ReferenceEquals(x, y) || x is string or long or bool or double or BigInteger && x.Equals(y);

    /// <inheritdoc/>
    /// <remarks>The usual hash of a whole number is its halves, folded: a file could have millions of the same. This one nobody can foresee.</remarks>
    public int GetHashCode(object key) => key switch
    {
        long number => HashCode.Combine((int)number, (int)(number >> 32)),
        // Zeros are equal, and so are all that are no numbers.
        double number => double.IsNaN(number) || number == 0 ? 0 : GetHashCode(BitConverter.DoubleToInt64Bits(number)),
        string or bool or BigInteger => key.GetHashCode(),
        _ => RuntimeHelpers.GetHashCode(key),
    };
}
