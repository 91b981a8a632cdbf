using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Optimizers on the same tensors, beside yardsticks on as much memory, and rivals on tensors of their own.</summary>
internal static class UpdateContest
{
    public static Contest Create(Bench bench, UpdateJob job) => new(
        $"{job.Layout}{(job.LiesApart ? " apart" : "")}, {job.Type.Name}, {Footprint(job)} with two states, {bench.On(job.Threads)}",
        new Dictionary<string, string>
        {
            ["device"] = bench.DeviceName,
            ["layout"] = job.Layout.Id,
            ["count"] = job.Layout.Count.ToString(CultureInfo.InvariantCulture),
            ["length"] = job.Layout.Length.ToString(CultureInfo.InvariantCulture),
            ["lies"] = job.LiesApart ? "apart" : "together",
            ["type"] = job.Type.Name,
            ["threads"] = job.Threads.ToString(CultureInfo.InvariantCulture),
        },
        scope => job.Type.Element switch
        {
            ElementType.Float32 => Entries<float>(bench, scope, job),
            ElementType.BFloat16 => Entries<BFloat16>(bench, scope, job),
            _ => Entries<Half>(bench, scope, job),
        });

    private static List<Entry> Entries<T>(Bench bench, Scope scope, UpdateJob job) where T : unmanaged
    {
        List<Entry> entries = [];
        Func<Contestant, Work, IReadOnlyList<FloorRule>> floors;
        Device device;
        if (bench.Accelerator is { } accelerator)
        {
            device = accelerator.Device;
            var copy = accelerator.Copy(scope, job.Layout.Elements * job.Type.Element.Size());
            entries.AddRange(copy is null ? [] : [copy]);
            floors = (_, work) => copy is null ? [] : [FloorRule.OfBytes(copy, work)];
        }
        else
        {
            var simd = bench.Simd(job.Threads);
            device = simd;
            var yardsticks = Yardsticks.Create(simd, scope, job.Layout.Elements);
            entries.AddRange(yardsticks.All);
            floors = yardsticks.Floors;
        }

        var parameters = Parameters<T>(device, scope, job);
        foreach (var contestant in job.Contestants)
        {
            var own = contestant.TakesMatrices ? [.. parameters.Select(each => new Parameter<T>(each.Name, contestant.Shape(each.Length), each.Data, each.Gradient))] : parameters;
            var optimizer = scope.Keep(contestant.Create(own, job.Type));
            var work = contestant.Work(job.Type, job.Layout.Elements);
            entries.Add(new(contestant.Name, Figure.Ours, bench.Timed(optimizer.Step), work)
            {
                Floors = floors(contestant, work),
                Check = UpdateCheck.Of(Figure.Ours, contestant, job.Type, job.Layout.Elements, places => Read(parameters, job, places), optimizer.Step),
            });
            if (bench.Accelerator is not null)
                entries.Add(new($"{contestant.Name}, host", Figure.Ours, bench.Accelerator.Host(optimizer.Step), new()));
        }
        foreach (var rival in bench.UpdateRivals)
            entries.AddRange(rival.Updates(scope, job));
        return entries;
    }

    private static Parameter<T>[] Parameters<T>(Device device, Scope scope, UpdateJob job) where T : unmanaged
    {
        var (count, length) = (job.Layout.Count, job.Layout.Length);
        // One behind the other is as in an engine with flat memory.
        var data = Buffers<T>(device, scope, job, Numbers.Parameter);
        var gradients = Buffers<T>(device, scope, job, Numbers.Gradient);
        return
        [
            .. Enumerable.Range(0, count).Select(i => job.LiesApart
                ? new Parameter<T>($"p{i}", [length], data[i], gradients[i])
                : new Parameter<T>($"p{i}", [length], data[0].Slice(i * length, length), gradients[0].Slice(i * length, length))),
        ];
    }

    private static DeviceBuffer<T>[] Buffers<T>(Device device, Scope scope, UpdateJob job, Func<long, float> number) where T : unmanaged
    {
        var (count, length) = job.LiesApart ? (job.Layout.Count, job.Layout.Length) : (1, job.Layout.Elements);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                var buffer = scope.Keep(device.CreateBuffer<T>(length));
                Numbers.Fill(buffer, place => number(i * length + place));
                return buffer;
            }),
        ];
    }

    private static double[] Read<T>(Parameter<T>[] parameters, UpdateJob job, long[] places) where T : unmanaged
    {
        var number = new T[1];
        return
        [
            .. places.Select(place =>
            {
                var (tensor, element) = job.Find(place);
                parameters[tensor].Data.Slice(element, 1).CopyTo(number);
                return Numbers.Widen(number[0]);
            }),
        ];
    }

    private static string Footprint(UpdateJob job) => (job.Layout.Elements * 2.0 * (job.Type.Element.Size() + job.Type.StateBytes)) switch
    {
        < 1 << 10 and var bytes => $"{bytes} bytes",
        < 1 << 20 and var bytes => $"{bytes / (1 << 10):0.#} KiB",
        var bytes => $"{bytes / (1 << 20):0.#} MiB",
    };
}
