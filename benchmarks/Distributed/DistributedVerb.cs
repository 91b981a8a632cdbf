using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.Distributed;

/// <summary>Times sharded steps by the number of ranks, and holds what they send to the formula.</summary>
internal sealed class DistributedVerb() : Verb("distributed", "How long does a step take that several ranks share, and what do they send?")
{
    private static readonly string[] _optimizers = ["adamw", "muon"];
    private static readonly bool[] _orders = [true, false];

    private readonly Option<int[]> _ranks = PositiveNumbers("--ranks", "Numbers of ranks, processes that the launcher starts", [1, 2, 4]);
    private readonly Option<string[]> _optimizer = Optimizer();
    private readonly Option<int> _tensors = CommonOptions.Positive("--tensors", "How many float matrices each optimizer trains", 16);
    private readonly Option<int> _order = CommonOptions.Positive("--order", "Their rows and columns", 256);
    private readonly Option<int[]> _buckets = PositiveNumbers("--bucket-bytes", "Bytes of a bucket", [1 << 20, 25 << 20]);
    private readonly Option<string> _launcher = new("--launcher") { Description = "MPI's launcher, and what it is told before -n: \"mpirun --hostfile hosts\"", DefaultValueFactory = _ => "mpirun" };

    public override IReadOnlyList<Option> Options => [_ranks, _optimizer, _tensors, _order, _buckets, _launcher];

    /// <summary>Ranks of one machine share its cores.</summary>
    public override IReadOnlyList<int> Threads => [1];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench)
    {
        if (bench.Accelerator is not null)
            return [];
        string[] launcher = [.. CommandLineParser.SplitCommandLine(result.GetRequiredValue(_launcher))];
        if (launcher.Length == 0)
            throw new InvalidOperationException("--launcher must name a program. Actual value was ''.");
        ShardedJob[] jobs =
        [
            ShardedJob.Exchange,
            .. from optimizer in result.GetRequiredValue(_optimizer)
               from bytes in result.GetRequiredValue(_buckets)
               from isOrdered in _orders
               select new ShardedJob(optimizer, bytes, isOrdered),
        ];
        return
            from threads in bench.Threads
            from ranks in result.GetRequiredValue(_ranks)
            select Create(launcher, ranks, threads, bench.VectorBits, result.GetValue(_tensors), result.GetValue(_order), jobs);
    }

    private static Option<string[]> Optimizer()
    {
        var option = CommonOptions.Many("--optimizer", "adamw, which cuts tensors anywhere, or muon, which keeps matrices whole", _optimizers);
        option.AcceptOnlyFromAmong(_optimizers);
        return option;
    }

    private static Option<int[]> PositiveNumbers(string name, string description, int[] values)
    {
        var option = CommonOptions.Many(name, description, values);
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => int.TryParse(token.Value, CultureInfo.InvariantCulture, out var number) && number < 1))
                result.AddError($"{name} must be at least 1. Actual value was {token.Value}.");
        });
        return option;
    }

    private static Contest Create(string[] launcher, int ranks, int threads, int vectorBits, int tensors, int order, ShardedJob[] jobs)
    {
        var elements = tensors * (long)order * order;
        string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        return new(
            $"{Plural(ranks)}, {tensors} tensors of {order} x {order}, {threads} {(threads == 1 ? "thread" : "threads")} each",
            new Dictionary<string, string> { ["ranks"] = Text(ranks), ["tensors"] = Text(tensors), ["order"] = Text(order), ["threads"] = Text(threads) },
            scope =>
            {
                var group = scope.Keep(new RankGroup(launcher, ranks, [Text(threads), Text(vectorBits), Text(tensors), Text(order), .. jobs.Select(job => job.Id)]));
                // What a rank sends on average, and so what a wire must carry; a rank alone sends nothing.
                Work Of(ShardedJob job) => new(job.IsExchange ? 0 : elements, job.BytesOfAll(ranks, elements) / (double)ranks);
                var exchange = Entry.Yardstick("exchange", group.Job(0), Of(jobs[0]));
                return [exchange, .. jobs.Skip(1).Select((job, i) => Ours(job, group.Job(i + 1), Of(job), exchange, ranks))];
            });
    }

    private static Entry Ours(ShardedJob job, IWorkload workload, Work work, Entry exchange, int ranks)
    {
        var subject = $"{job.Optimizer}, buckets of {Results.Text.Bytes(job.BucketBytes)}, {(job.SumsInRankOrder ? "summed in rank order" : "summed by MPI")}";
        return new(subject, Figure.Ours, workload, work)
        {
            Floors = ranks == 1 ? [] : [FloorRule.OfBytes(exchange, work)],
            // Whoever runs the job compares each time.
            Check = () =>
            {
                workload.Run(1);
                return string.Create(CultureInfo.InvariantCulture, $"{work.Bytes:N0} bytes sent by a rank, as the formula says");
            },
        };
    }

    private static string Plural(int ranks) => ranks == 1 ? "1 rank" : $"{ranks} ranks";
}
