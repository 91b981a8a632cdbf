using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Training;

/// <summary>Times steps with what a training loop adds to them, beside plain ones.</summary>
internal sealed class TrainingVerb() : Verb("training", "What do clipping, loss scaling and averages add to a step?")
{
    private readonly Option<int> _parameters = CommonOptions.Positive("--parameters", "How many float parameters AdamW trains", 64_000_000);

    public override IReadOnlyList<Option> Options => [_parameters];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench) =>
        bench.Accelerator is null ? bench.Threads.Select(threads => Create(bench.Simd(threads), bench.On(threads), result.GetValue(_parameters))) : [];

    private static Contest Create(SimdDevice device, string on, int count) => new(
        $"AdamW, {count / 1e6:0.###}M float32, {on}",
        new Dictionary<string, string>
        {
            ["device"] = SimdDevice.DeviceName,
            ["parameters"] = count.ToString(CultureInfo.InvariantCulture),
            ["threads"] = device.Threads.ToString(CultureInfo.InvariantCulture),
        },
        scope =>
        {
            var parameter = scope.Keep(device.CreateParameter("p", [count]));
            Numbers.Fill(parameter.Data, Numbers.Parameter);
            Numbers.Fill(parameter.Gradient, Numbers.Gradient);
            var optimizer = scope.Keep(new AdamW([parameter]));
            var scaler = scope.Keep(new GradientScaler(device, new() { InitialScale = 2, GrowthInterval = int.MaxValue }));
            var average = scope.Keep(WeightAverage.Exponential([parameter]));
            var triad = Yardsticks.Create(device, scope, count).Triad;
            void Step(GradientClipping? clipping = null, GradientScaler? scaler = null, WeightAverage? average = null)
            {
                (optimizer.GradientClipping, optimizer.GradientScaler, optimizer.WeightAverage) = (clipping, scaler, average);
                optimizer.Step();
            }
            double[] Read(long[] places) => [.. places.Select(place => (double)parameter.Data.Span[(int)place])];
            // The bytes of memory traffic that each cannot do without, for a parameter.
            Entry With(string subject, int bytes, Action run)
            {
                var work = new Work(count, (double)bytes * count);
                return Entry.Ours(subject, run, work) with { Floors = [FloorRule.OfBytes(triad, work)] };
            }
            var contestant = Contestant.All.Single(contestant => contestant.Name == "adamw");
            return
            [
                triad,
                With("plain", 28, () => Step()) with { Check = () => UpdateCheck.Run(Figure.Ours, contestant, NumberType.Float32, count, Read, () => Step()) },
                With("clipped by value", 28, () => Step(GradientClipping.ByValue(0.1))),
                With("clipped by norm", 32, () => Step(GradientClipping.ByNorm(1))),
                With("scaled", 32, () => Step(scaler: scaler)),
                With("scaled, clipped by norm", 32, () => Step(GradientClipping.ByNorm(1), scaler)),
                With("averaged within", 36, () => Step(average: average)),
                With("averaged after", 40, () =>
                {
                    Step();
                    average.Update();
                }),
            ];
        });
}
