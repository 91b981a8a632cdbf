namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Takes values to places on an axis. Every place is finite and on the axis, whatever the value.</summary>
/// <param name="low">The value at the axis' start.</param>
/// <param name="high">The value at its end, which is greater.</param>
internal abstract class Scale(double low, double high)
{
    public double Low { get; } = low;

    public double High { get; } = high;

    /// <summary>Where the axis starts, in the drawing's units.</summary>
    public double From { get; private set; }

    /// <summary>Where it ends.</summary>
    public double To { get; private set; }

    /// <summary>Whether equal distances are equal ratios.</summary>
    public abstract bool IsLogarithmic { get; }

    /// <summary>Lays the axis into the drawing.</summary>
    public void Place(double from, double to) => (From, To) = (from, to);

    /// <summary>Where a value is.</summary>
    public double At(double value)
    {
        var share = Share(value);
        return From + (double.IsNaN(share) ? 0 : Math.Clamp(share, 0, 1)) * (To - From);
    }

    /// <summary>Values to mark.</summary>
    /// <param name="most">About how many there may be.</param>
    public abstract IReadOnlyList<double> Ticks(int most);

    /// <summary>How far along the axis a value is, from 0 to 1.</summary>
    protected abstract double Share(double value);
}
