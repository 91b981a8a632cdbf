using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>Work that multiplies matrices: how much is done, and how much the algorithm as it is written would do.</summary>
/// <param name="Workload">The work.</param>
/// <param name="Done">Operations done, a multiply-add counted as two; 0 if unknown.</param>
/// <param name="Dense">Operations of the algorithm as it is written.</param>
/// <param name="RivalOf">The name of the work here that PyTorch does, too.</param>
internal sealed record FlopsWorkload(IWorkload Workload, double Done, double Dense, string? RivalOf = null)
{
    /// <summary>The work that finds the peak.</summary>
    public static FlopsWorkload Peak(SimdDevice device) => device.VectorBits switch
    {
        512 => Peak<Floats16>(device),
        256 => Peak<Floats8>(device),
        128 => Peak<Floats4>(device),
        _ => Peak<Floats1>(device),
    };

    /// <summary>Times work in rounds, the peak first, and prints a table.</summary>
    /// <returns>What was measured, for a file.</returns>
    public static object Race(string title, SimdDevice device, IReadOnlyList<FlopsWorkload> contestants, int rounds)
    {
        FlopsWorkload[] all = [Peak(device), .. contestants];
        var measured = Measurement.Interleave([.. all.Select(each => each.Workload)], rounds, secondsEach: 0.1);
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{title}[/]").AddColumn(new TableColumn("").NoWrap());
        foreach (var column in new[] { "ms", "GFLOP/s", "of peak", "dense", "of peak", "±", "× torch" })
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        for (var i = 0; i < all.Length; i++)
        {
            var (each, measurement) = (all[i], measured[i]);
            var rivals = measured.Where((_, other) => all[other].RivalOf == measurement.Name);
            table.AddRow(
                measurement.Name,
                $"{measurement.Median * 1e3:F3}",
                each.Done == 0 ? "" : $"{each.Done / measurement.Median / 1e9:F1}",
                each.Done == 0 ? "" : $"{Share(measurement, each.Done):P0}",
                $"{each.Dense / measurement.Median / 1e9:F1}",
                $"{Share(measurement, each.Dense):P0}",
                $"{measurement.Spread:P0}",
                string.Join(", ", rivals.Select(rival => $"{measurement.TimesFasterThan(rival):F1}")));
        }
        AnsiConsole.Write(table);
        return new { Title = title, Peak = measured[0].Seconds, Results = all.Zip(measured, (each, measurement) => new { measurement.Name, each.Done, each.Dense, measurement.Seconds }) };

        double Share(Measurement measurement, double flops) => measurement.TimesFasterThan(measured[0]) * flops / all[0].Done;
    }

    private static FlopsWorkload Peak<TFloats>(SimdDevice device) where TFloats : unmanaged, IFloats<TFloats>
    {
        var chunks = 8 * device.Threads;
        var flops = chunks * PeakJob<TFloats>.FlopsPerChunk;
        return new(new Workload("peak", () =>
        {
            var job = default(PeakJob<TFloats>);
            device.Workers.Run(ref job, chunks);
        }), flops, flops);
    }
}
