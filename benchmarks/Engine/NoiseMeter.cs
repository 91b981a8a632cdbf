using System.Globalization;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Watches how still the machine is from its creation on.</summary>
internal sealed class NoiseMeter
{
    // Shares from which on there is a warning.
    private const double MuchSpread = 0.03, MuchStolen = 0.01, ManyDisturbed = 0.15;

    /// <summary>A round in which the loop takes so many times what it usually does is disturbed.</summary>
    private const double Disturbance = 1.1;

    private readonly double? _load = Load();
    private readonly (double Stolen, double All)? _before = Times();

    /// <summary>What it saw until now, and what to say of it.</summary>
    /// <param name="races">What was measured.</param>
    /// <param name="failures">What else there is to warn of.</param>
    public Noise Read(IEnumerable<Race> races, IEnumerable<string> failures)
    {
        double[] clock = [.. races.SelectMany(race => race.Clock).SelectMany(pass => pass)];
        if (clock.Length == 0)
            clock = [RegisterLoop.Run()];
        var median = Statistics.Median(clock);
        var spread = (Statistics.Quantile(clock, 0.75) - Statistics.Quantile(clock, 0.25)) / 2 / median;
        double? stolen = _before is { } before && Times() is { } now && now.All > before.All ? (now.Stolen - before.Stolen) / (now.All - before.All) : null;
        List<string> warnings = [.. failures];
        if (spread > MuchSpread)
            warnings.Add($"A loop that touches no memory varied by {spread:P1}: the clock changed, or others took the cores.");
        if (stolen > MuchStolen)
            warnings.Add($"The host gave {stolen:P1} of the machine's time to others.");
        if (clock.Count(seconds => seconds > Disturbance * median) / (double)clock.Length is var disturbed && disturbed > ManyDisturbed)
            warnings.Add($"In {disturbed:P0} of the rounds that loop took over a tenth longer than usual: something else ran on the cores.");
        return new(RegisterLoop.Gigahertz(median), spread, stolen, _load, warnings);
    }

    private static double? Load()
    {
        try
        {
            return double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Time stolen from the machine by its host, and all of its time, in ticks.</summary>
    private static (double Stolen, double All)? Times()
    {
        try
        {
            var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            return ticks.Length > 7 ? (ticks[7], ticks.Take(8).Sum()) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
