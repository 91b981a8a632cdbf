using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>
/// A random program of steps, skipped steps, missing gradients, new groups and options, states that are loaded, and numbers of ranks that change; run by one
/// process, and by as many ranks as it says. Both tell all that came out.
/// </summary>
internal sealed class ShardedProgram
{
    private const int Ranks = 7;

    private readonly int _seed;
    private readonly List<Tensor> _tensors = [];
    private readonly List<Segment> _segments = [];
    private readonly GradientClipping? _clipping;
    private readonly bool _isScaled;
    private readonly double? _decay;
    private readonly int _kind;
    private readonly GradientReduction _reduction;

    public ShardedProgram(int seed)
    {
        _seed = seed;
        var random = new Random(seed);
        _kind = random.Next(5);
        var count = random.Next(1, 7);
        for (var i = 0; i < count; i++)
        {
            var isMatrix = _kind >= 3 && (_kind == 3 || i % 2 == 0);
            long[] shape = isMatrix ? [random.Next(1, 5) * 4, random.Next(1, 40)] : random.Next(4) switch
            {
                0 => [random.Next(0, 3)],
                1 => [random.Next(3000, 14000)],
                2 => [random.Next(1, 90), random.Next(1, 90)],
                _ => [random.Next(1, 40)],
            };
            var type = isMatrix ? (random.Next(4) == 0 ? ElementType.BFloat16 : ElementType.Float32) : (ElementType)random.Next(3);
            _tensors.Add(new($"{(isMatrix ? "matrix" : "vector")}{i}", shape, type, IsSliced: random.Next(5) == 0, IsLate: i > 0 && _kind is 0 or 3 && random.Next(6) == 0));
        }
        _clipping = random.Next(5) switch
        {
            0 => GradientClipping.ByNorm(0.5),
            1 => GradientClipping.ByNorm(3, 1),
            2 => GradientClipping.ByNorm(0.3, double.PositiveInfinity),
            3 => GradientClipping.ByValue(0.2),
            _ => null,
        };
        _isScaled = random.Next(3) == 0;
        _decay = random.Next(3) == 0 ? 0.9 : null;
        _reduction = (GradientReduction)random.Next(2);
        for (var left = random.Next(1, 4); left > 0; left--)
            _segments.Add(new(random.Next(1, Ranks + 1), random.Next(1, 5), new() { BucketBytes = random.Next(3) switch { 0 => 1, 1 => 40_000, _ => 25 << 20 }, UpdatesAtomically = random.Next(2) == 0, Reduction = _reduction, ReplicaCheckInterval = 2 }));
    }

    /// <summary>What one process makes of it.</summary>
    public string[] RunOnOne()
    {
        var carried = default(Carried);
        var step = 0;
        for (var i = 0; i < _segments.Count; i++)
        {
            using var device = new SimdDevice(threads: 1);
            using var rank = new Rank(this, device, _segments[i], i, null, carried);
            rank.Run(ref step);
            carried = rank.Carry();
        }
        return carried!.Describe();
    }

    /// <summary>What several ranks make of it, each for itself.</summary>
    public string[] RunOnMany()
    {
        var carried = default(Carried);
        var step = 0;
        for (var i = 0; i < _segments.Count; i++)
        {
            var (segment, index, before, start) = (_segments[i], i, carried, step);
            var all = ThreadCommunicator.Run(segment.Size, communicator =>
            {
                var own = start;
                communicator.AddsInRankOrder = (_seed & 1) == 0;
                using var rank = new Rank(this, communicator.Device, segment, index, communicator, before);
                rank.Run(ref own);
                return rank.Carry();
            });
            foreach (var other in all.Skip(1))
                Assert.That(other.Describe(), Is.EqualTo(all[0].Describe()), "ranks among each other");
            carried = all[0];
            step += segment.Steps;
        }
        return carried!.Describe();
    }

    /// <summary>A seed for each of several numbers, the same in every run.</summary>
    private static int Mix(params ReadOnlySpan<long> numbers)
    {
        var mixed = 17L;
        foreach (var number in numbers)
            mixed = unchecked(mixed * 6364136223846793005 + number + 1442695040888963407);
        return (int)(mixed >> 33);
    }

    public override string ToString() =>
        $"seed {_seed}: kind {_kind}, {string.Join(" ", _tensors)}, {_clipping}, scaled {_isScaled}, decay {_decay}; {string.Join("; ", _segments)}";

    private sealed record Tensor(string Name, long[] Shape, ElementType Type, bool IsSliced, bool IsLate)
    {
        public long Length => Shape.Aggregate(1L, (product, extent) => product * extent);

        public override string ToString() => $"{Name}[{string.Join("x", Shape)}]{Type}{(IsSliced ? " sliced" : "")}{(IsLate ? " late" : "")}";
    }

    private sealed record Segment(int Size, int Steps, ShardedOptions Options);

    /// <summary>All there is between two segments: parameters and averages of whole tensors, and what the optimizer remembers.</summary>
    private sealed record Carried(Dictionary<string, float[]> Parameters, Dictionary<string, float[]>? Averages, long Updates, StateDictionary State, GradientScalerState? Scaler)
    {
        public string[] Describe() =>
        [
            .. Parameters.Concat(Averages ?? []).Select(pair => $"{pair.Key} {Hexadecimal(pair.Value)}"),
            .. StateSnapshot.Of(State).Select(each => $"{each}"),
            $"{Scaler} {Updates}",
        ];

        private static string Hexadecimal(float[] values) => Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([.. values.Select(value => float.IsNaN(value) ? float.NaN : value)]));
    }

    /// <summary>A process: alone, or one of several.</summary>
    private sealed class Rank : IDisposable
    {
        private readonly ShardedProgram _program;
        private readonly Segment _segment;
        private readonly ThreadCommunicator? _communicator;
        private readonly Parameter[] _parameters;
        private readonly Optimizer _optimizer;

        public Rank(ShardedProgram program, Device device, Segment segment, int index, ThreadCommunicator? communicator, Carried? carried)
        {
            (_program, _segment, _communicator) = (program, segment, communicator);
            _parameters = [.. program._tensors.Select(tensor => Create(device, tensor, carried))];
            Parameter[] first = [.. _parameters.Where((_, i) => index > 0 || !program._tensors[i].IsLate)];
            _optimizer = program._kind switch
            {
                0 => Make(new AdamWOptions { LearningRate = 0.01, Amsgrad = true }, first),
                1 => Make(new SgdOptions { LearningRate = 0.05, Momentum = 0.9, Dampening = 0.1, WeightDecay = 0.01 }, first),
                2 => Make(new RmsPropOptions { Centered = true, Momentum = 0.5, ComputePrecision = ComputePrecision.Float32 }, first),
                3 => Make(program._seed % 2 == 0 ? new MuonOptions { SplitRows = [4] } : new NorMuonOptions { SplitRows = [4] }, first),
                _ => Model(first),
            };
            // Groups that a run got later are there from the beginning of what goes on from it, as a group of its own.
            Parameter[] late = [.. _parameters.Except(first)];
            if (index == 0 && late.Length > 0)
                _optimizer.AddGroup(late, _optimizer.Groups[0].AnyOptions with { LearningRate = 0.02 });
            if (program._isScaled)
                _optimizer.GradientScaler = new(device, new() { InitialScale = 8, GrowthInterval = 3 });
            _optimizer.GradientClipping = program._clipping;
            if (program._decay is { } decay)
                _optimizer.WeightAverage = WeightAverage.Exponential(_optimizer is ShardedOptimizer sharded ? sharded.Shards : _parameters, decay);
            if (carried is not null)
                Load(carried);
        }

        private int Size => _communicator?.Size ?? 1;

        public void Run(ref int step)
        {
            for (var end = step + _segment.Steps; step < end; step++)
            {
                var random = new Random(Mix(_program._seed, step));
                var isBad = _program._isScaled && random.Next(3) == 0;
                for (var i = 0; i < _parameters.Length; i++)
                    SetGradient(_parameters[i], _program._tensors[i], new Random(Mix(_program._seed, step, i)), random.Next(4) != 0, isBad && i == 0);
                if (random.Next(3) == 0)
                    _optimizer.Groups[0].LearningRate *= 0.5;
                // What is loaded later has other options than what it is loaded into.
                var changed = _optimizer.Groups[random.Next(_optimizer.Groups.Count)];
                changed.AnyOptions = random.Next(6) switch
                {
                    0 => changed.AnyOptions with { ComputePrecision = (ComputePrecision)random.Next(2) },
                    1 => changed.AnyOptions with { WeightDecay = 0.05, WeightDecayMode = WeightDecayMode.Cautious },
                    2 when changed.AnyOptions is MuonOptionsBase matrices => matrices with { NewtonSchulz = new() { Precision = (NewtonSchulzPrecision)random.Next(3) } },
                    _ => changed.AnyOptions,
                };
                _optimizer.Step();
            }
        }

        public Carried Carry()
        {
            var state = _optimizer.StateDictionary();
            // Of momenta the groups are the same, however they came to be.
            var parameters = Collect();
            Dictionary<string, float[]>? averages = null;
            if (_optimizer.WeightAverage is { } average)
            {
                average.Swap();
                (_optimizer as ShardedOptimizer)?.Gather();
                averages = Collect();
                average.Swap();
                (_optimizer as ShardedOptimizer)?.Gather();
                Assert.That(Collect().SelectMany(pair => pair.Value).Select(BitConverter.SingleToInt32Bits), Is.EqualTo(parameters.SelectMany(pair => pair.Value).Select(BitConverter.SingleToInt32Bits)));
            }
            return new(parameters, averages?.ToDictionary(pair => $"average {pair.Key}", pair => pair.Value), _optimizer.WeightAverage?.UpdateCount ?? 0, state, _optimizer.GradientScaler?.State());
        }

        public void Dispose()
        {
            _optimizer.GradientScaler?.Dispose();
            _optimizer.WeightAverage?.Dispose();
            _optimizer.Dispose();
        }

        /// <summary>The rows of a tensor that a rank has: of some none.</summary>
        private static (long Start, long Rows) Rows(Tensor tensor, int rank, int size)
        {
            var (start, end) = (tensor.Shape[0] * rank / size, tensor.Shape[0] * (rank + 1) / size);
            return (start, end - start);
        }

        private static float[] Numbers(Random random, long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle() * 2 - 1)];

        private static void Set(DeviceBuffer buffer, ReadOnlySpan<float> values)
        {
            switch (buffer)
            {
                case DeviceBuffer<float> single: single.CopyFrom(values); break;
                case DeviceBuffer<BFloat16> brain: brain.CopyFrom([.. values.ToArray().Select(value => (BFloat16)value)]); break;
                case DeviceBuffer<Half> half: half.CopyFrom([.. values.ToArray().Select(value => (Half)value)]); break;
            }
        }

        private static float[] Get(DeviceBuffer buffer) => buffer switch
        {
            DeviceBuffer<float> single => single.ToArray(),
            DeviceBuffer<BFloat16> brain => [.. brain.ToArray().Select(value => (float)value)],
            _ => [.. ((DeviceBuffer<Half>)buffer).ToArray().Select(value => (float)value)],
        };

        private static float Round(ElementType type, float value) => type switch
        {
            ElementType.BFloat16 => (BFloat16)value,
            ElementType.Float16 => (float)(Half)value,
            _ => value,
        };

        private Optimizer Make(OptimizerOptions options, Parameter[] parameters) =>
            _communicator is null ? options.CreateOptimizer(parameters) : new ShardedOptimizer(_communicator, options, parameters, _segment.Options);

        private Optimizer Model(Parameter[] parameters)
        {
            List<Assignment> assignments = [];
            if (parameters.Any(parameter => parameter.Name.StartsWith("matrix", StringComparison.Ordinal)))
                assignments.Add(Assignment.Named("matrix*", new MuonOptions { LearningRate = 0.02, NewtonSchulz = new() { Precision = (NewtonSchulzPrecision)(_program._seed % 3) } }));
            if (parameters.Any(parameter => parameter.Name.StartsWith("vector", StringComparison.Ordinal)))
                assignments.Add(Assignment.Named("vector*", new AdamWOptions { StatePrecision = StatePrecision.Float32 }));
            return _communicator is null ? new ModelOptimizer(parameters, assignments) : new ShardedOptimizer(_communicator, parameters, _segment.Options, assignments);
        }

        private Parameter Create(Device device, Tensor tensor, Carried? carried)
        {
            var whole = carried?.Parameters[tensor.Name] ?? Numbers(new Random(Mix(_program._seed, tensor.Name.Length, tensor.Length)), tensor.Length);
            if (_communicator is null || !tensor.IsSliced)
                return Create(device, tensor, tensor.Shape, whole);
            var (start, rows) = Rows(tensor, _communicator.Rank, Size);
            var row = tensor.Shape[0] == 0 ? 0 : tensor.Length / tensor.Shape[0];
            var parameter = Create(device, tensor, [rows, .. tensor.Shape.Skip(1)], whole.AsSpan((int)(start * row), (int)(rows * row)));
            parameter.Slice = new(tensor.Shape, start);
            return parameter;
        }

        private static Parameter Create(Device device, Tensor tensor, long[] shape, ReadOnlySpan<float> values)
        {
            Parameter parameter = tensor.Type switch
            {
                ElementType.BFloat16 => device.CreateParameter<BFloat16>(tensor.Name, shape),
                ElementType.Float16 => device.CreateParameter<Half>(tensor.Name, shape),
                _ => device.CreateParameter<float>(tensor.Name, shape),
            };
            Set(parameter.Data, values);
            return parameter;
        }

        /// <summary>The sum of what as many ranks as there are in the segment have, or what this one has.</summary>
        private void SetGradient(Parameter parameter, Tensor tensor, Random random, bool isThere, bool isBad)
        {
            parameter.HasGradient = isThere;
            if (!isThere)
                return;
            float[][] all = [.. Enumerable.Range(0, tensor.IsSliced ? 1 : _segment.Size).Select(_ => Numbers(random, tensor.Length))];
            foreach (var each in all)
            {
                for (var i = 0; i < each.Length; i++)
                    each[i] = Round(tensor.Type, each[i]);
            }
            if (isBad && tensor.Length > 0)
                all[^1][random.Next((int)tensor.Length)] = random.Next(2) == 0 ? float.NaN : float.PositiveInfinity;
            if (_communicator is null)
            {
                var sum = (float[])all[0].Clone();
                foreach (var each in all.Skip(1))
                {
                    for (var i = 0; i < sum.Length; i++)
                        sum[i] += each[i];
                }
                if (_program._reduction == GradientReduction.Mean && !tensor.IsSliced)
                {
                    for (var i = 0; i < sum.Length; i++)
                        sum[i] *= (float)(1.0 / _segment.Size);
                }
                Set(parameter.GradientBuffer, sum);
            }
            else if (tensor.IsSliced)
            {
                Set(parameter.GradientBuffer, all[0].AsSpan((int)parameter.WholeStart, (int)parameter.Length));
            }
            else
            {
                Set(parameter.GradientBuffer, all[_communicator.Rank]);
            }
        }

        /// <summary>The parameters, whole.</summary>
        private Dictionary<string, float[]> Collect()
        {
            var all = new Dictionary<string, float[]>();
            for (var i = 0; i < _parameters.Length; i++)
            {
                var tensor = _program._tensors[i];
                var whole = new float[tensor.Length];
                Get(_parameters[i].Data).CopyTo(whole, (int)(_parameters[i].Slice is null ? 0 : _parameters[i].WholeStart));
                if (_communicator is not null && tensor.IsSliced)
                {
                    using var buffer = _communicator.Device.CreateBuffer<float>(whole);
                    _communicator.AllReduce(buffer.Address, buffer.Length, WireType.Float32).Wait();
                    whole = buffer.ToArray();
                }
                all.Add(tensor.Name, whole);
            }
            return all;
        }

        private void Load(Carried carried)
        {
            var groups = _optimizer.Groups;
            // A group that came later has joined the first.
            var saved = carried.State.Groups;
            GroupState[] joined = saved.Count == groups.Count
                ? [.. saved.Select((group, i) => group with { Parameters = [.. groups[i].Parameters.Select(parameter => parameter.Name)] })]
                : [saved[0] with { Parameters = [.. groups[0].Parameters.Select(parameter => parameter.Name)] }];
            _optimizer.Load(carried.State with { Groups = joined });
            if (carried.Scaler is not null)
                _optimizer.GradientScaler!.Load(carried.Scaler);
            if (carried.Averages is null)
                return;
            var average = _optimizer.WeightAverage!;
            average.UpdateCount = carried.Updates;
            foreach (var each in average.Averages.Where(each => each.Length > 0))
            {
                var (name, start) = each.Name.Split('[') is [var whole, var range] ? (whole, int.Parse(range.Split("..")[0])) : (each.Name, 0);
                if (_parameters.First(parameter => parameter.Name == name) is { Slice: not null } slice)
                    start = (int)slice.WholeStart;
                Set(each.Data, carried.Averages[$"average {name}"].AsSpan(start, (int)each.Length));
            }
        }
    }
}
