namespace GpuOptim.Kernels;

/// <summary>
/// A tensor as matrices, of its last two dimensions, the squares of whose rows and columns are averaged; and the order in which they are summed, in double, on every device.
/// </summary>
/// <remarks>
/// A row's squares are summed as a norm's are, see <see cref="Norms.NormOrder"/>. Rows lie in bands; a column's squares are summed band by band, in order, and then the
/// bands' sums, in order. Averages of rows are summed in 256 strands, of each 256th, which fold as those of a norm do.
/// </remarks>
/// <param name="matrices">How many matrices there are.</param>
/// <param name="rows">Rows of each.</param>
/// <param name="columns">Columns of each.</param>
internal readonly struct FactoredShape(int matrices, int rows, int columns) : IEquatable<FactoredShape>
{
    /// <summary>Enough rows to make a band worth its sums, in few enough bands for one thread to add them up.</summary>
    private const int MinBandRows = 32, MaxBands = 256;

    public readonly int Matrices = matrices, Rows = rows, Columns = columns, BandRows = Math.Max(MinBandRows, (rows + MaxBands - 1) / MaxBands);

    /// <summary>How many bands a matrix has.</summary>
    public int Bands => (Rows + BandRows - 1) / BandRows;

    /// <summary>That of a tensor of two dimensions and more.</summary>
    public static FactoredShape Of(ReadOnlySpan<long> shape)
    {
        var matrices = 1L;
        foreach (var extent in shape[..^2])
            matrices *= extent;
        return new(checked((int)matrices), checked((int)shape[^2]), checked((int)shape[^1]));
    }

    public bool Equals(FactoredShape other) => (Matrices, Rows, Columns) == (other.Matrices, other.Rows, other.Columns);

    public override bool Equals(object? obj) => obj is FactoredShape other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Matrices, Rows, Columns);
}
