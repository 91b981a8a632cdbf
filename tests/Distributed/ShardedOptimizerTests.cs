using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>What a sharded optimizer costs, and what ranks are told that do not agree.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedOptimizerTests
{
    [Test]
    public void StateIsSharedOutEvenly([Values(2, 3, 4, 7)] int ranks, [Values(1L, 100_000L, 25L << 20)] long bucketBytes, [Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        long[][] shapes = [.. Enumerable.Range(0, random.Next(2, 30)).Select(_ => (long[])[random.Next(1, 300), random.Next(1, 300)])];
        var isModel = seed % 2 == 0;
        var single = new SimdDevice(threads: 1);
        var total = StateBytes(single, parameters => isModel ? Model(parameters) : new AdamW(parameters));
        var each = ThreadCommunicator.Run(ranks, communicator => StateBytes(communicator.Device, parameters => isModel
            ? new ShardedOptimizer(communicator, parameters, new() { BucketBytes = bucketBytes }, Assignments(parameters))
            : new ShardedOptimizer(communicator, new AdamWOptions(), parameters, new() { BucketBytes = bucketBytes })));
        // The largest bucket has at least the largest matrix, and one chunk of elements; two of AdamW's state.
        var largest = Math.Max(bucketBytes, shapes.Max(shape => shape[0] * shape[1]) * sizeof(float));
        foreach (var bytes in each)
            Assert.That(bytes, Is.LessThanOrEqualTo(1.05 * total / ranks + largest));
        Assert.That(each.Sum(), Is.EqualTo(total).Within(64 * 4 * shapes.Length * ranks + 64 * 2 * ranks * shapes.Length), "exists once");

        long StateBytes(Device device, Func<Parameter[], Optimizer> create)
        {
            using var model = new MatrixModel(device, shapes, seed);
            using var optimizer = create(model.Parameters);
            model.NextGradients();
            optimizer.Step();
            return optimizer.StateBytes;
        }
    }

    [Test]
    public void StateOfSeveralKindsIsSharedOutEvenly([Values(2, 3)] int ranks)
    {
        using var single = new SimdDevice(threads: 1);
        AssertEven(Matrices, (communicator, parameters) => communicator is null ? new Muon(parameters) : new ShardedOptimizer(communicator, new MuonOptions(), parameters, new() { BucketBytes = 1 }), 128 * 128 * 4);
        AssertEven(Vectors, Groups, 4096 * 4 * 2);

        Parameter[] Matrices(Device device) => [.. Enumerable.Range(0, 24).Select(i => i % 2 == 0 ? (Parameter)device.CreateParameter<float>($"m{i}", [128, 128]) : device.CreateParameter<BFloat16>($"m{i}", [128, 128]))];

        Parameter[] Vectors(Device device) => [.. Enumerable.Range(0, 12).Select(i => device.CreateParameter($"v{i}", [30_000]))];

        Optimizer Groups(ICommunicator? communicator, Parameter[] parameters)
        {
            var options = new SgdOptions { Momentum = 0.9 };
            Optimizer optimizer = communicator is null ? new Sgd(parameters[..1], options) : new ShardedOptimizer(communicator, options, parameters[..1], new() { BucketBytes = 250_000 });
            for (var i = 1; i < parameters.Length; i++)
                optimizer.AddGroup(parameters[i..(i + 1)], i % 2 == 0 ? options : new SgdOptions());
            return optimizer;
        }

        void AssertEven(Func<Device, Parameter[]> parameters, Func<ICommunicator?, Parameter[], Optimizer> create, long largest)
        {
            var total = Bytes(single, null);
            foreach (var bytes in ThreadCommunicator.Run(ranks, communicator => Bytes(communicator.Device, communicator)))
                Assert.That(bytes, Is.LessThanOrEqualTo(1.05 * total / ranks + largest));

            long Bytes(Device device, ICommunicator? communicator)
            {
                var all = parameters(device);
                using var optimizer = create(communicator, all);
                optimizer.Step();
                return optimizer.StateBytes;
            }
        }
    }

    [Test]
    public void AveragesOfInfinitiesAreThoseOfOneProcess([Values(1, 2, 3)] int ranks, [Values] bool isSliced)
    {
        using var single = new SimdDevice(threads: 1);
        static float[] Train(Device device, ICommunicator? communicator, bool isSliced)
        {
            var parameter = device.CreateParameter("p", [1]);
            if (isSliced && communicator is { Size: > 1 })
            {
                parameter = device.CreateParameter("p", [communicator.Rank == communicator.Size - 1 ? 1 : 0]);
                parameter.Slice = new([1], 0);
            }
            using Optimizer optimizer = communicator is null ? new Sgd([parameter], new() { LearningRate = 1 }) : new ShardedOptimizer(communicator, new SgdOptions { LearningRate = 1 }, [parameter]);
            optimizer.WeightAverage = WeightAverage.Exponential(optimizer is ShardedOptimizer sharded ? sharded.Shards : [parameter], 0.9);
            optimizer.Step();
            var isOwner = communicator is null || !isSliced || communicator.Rank == communicator.Size - 1;
            // Steps to infinity: the average follows once, and is NaN from the second time on.
            if (isOwner)
                parameter.Gradient.CopyFrom([communicator is not null && !isSliced && communicator.Rank > 0 ? 0 : float.NegativeInfinity]);
            optimizer.Step();
            return [.. optimizer.WeightAverage.Averages.Where(average => average.Length > 0).SelectMany(average => ((Parameter<float>)average).Data.ToArray())];
        }
        Assert.That(Train(single, null, isSliced: false), Is.EqualTo([float.PositiveInfinity]));
        Assert.That(ThreadCommunicator.Run(ranks, communicator => Train(communicator.Device, communicator, isSliced)).SelectMany(each => each), Is.EqualTo([float.PositiveInfinity]));
    }

    [Test]
    public void AGroupThatIsRefusedIsNotThere() => ThreadCommunicator.Run(2, communicator =>
    {
        using var model = new MatrixModel(communicator.Device, [[40, 30]]);
        using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
        model.NextGradients();
        optimizer.Step();
        var added = communicator.Device.CreateParameter<float>("late", [2], [communicator.Rank, 1]);
        Assert.That(() => optimizer.AddGroup([added], new AdamWOptions()), Throws.TypeOf<CommunicationException>().With.Message.Contains("'late' of rank 1"));
        Assert.That(optimizer.Groups, Has.Count.EqualTo(1));
        ShardedOptimizer.Broadcast(communicator, [added]);
        Assert.That(() => optimizer.AddGroup([added], new SgdOptions()), Throws.ArgumentException.With.Message.Contains("AdamWOptions"));
        optimizer.AddGroup([added], new AdamWOptions());
        optimizer.Step();
        return 0;
    });

    [Test]
    public void OwnersOfMatricesStay() => ThreadCommunicator.Run(2, communicator =>
    {
        using var model = new MatrixModel(communicator.Device, [[16, 8], [16, 8]]);
        using var optimizer = new ShardedOptimizer(communicator, new MuonOptions(), model.Parameters);
        model.NextGradients();
        optimizer.Step();
        var (state, before) = (optimizer.StateDictionary(), model.Data());
        optimizer.Groups[0].AnyOptions = new MuonOptions { SplitRows = [8] };
        Assert.That(optimizer.Step, Throws.ArgumentException.With.Message.Contains("must stay null").And.Message.Contains("[8]"));
        Assert.That(model.Data(), Is.EqualTo(before));
        optimizer.Groups[0].AnyOptions = new MuonOptions();
        optimizer.Step();
        Assert.That(() => optimizer.Load(state with { Groups = [state.Groups[0] with { Options = new MuonOptions { SplitRows = [8] } }] }), Throws.ArgumentException.With.Message.Contains("must stay null"));
        return 0;
    });

    [Test]
    public void HelpersThatAreGoneAreToldOf([Values] bool isAverage) => AssertEach(
        3,
        (communicator, last) =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3]]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            using var average = WeightAverage.Exponential(optimizer.Shards);
            using var scaler = new GradientScaler(communicator.Device);
            if (isAverage)
                optimizer.WeightAverage = average;
            else
                optimizer.GradientScaler = scaler;
            if (last && isAverage)
                average.Dispose();
            if (last && !isAverage)
                scaler.Dispose();
            optimizer.Step();
        },
        "Rank 2 could not step, so that no rank has. ObjectDisposedException",
        lastThrows: typeof(ObjectDisposedException));

    [Test]
    public void WhatIsAroundAStepMustBeTheSame()
    {
        Assert.Multiple(() =>
        {
            AssertStep((optimizer, last) => optimizer.GradientScaler = new(optimizer.Device, new() { InitialScale = last ? 4 : 2 }), "InitialScale = 4");
            AssertStep((optimizer, last) => optimizer.WeightAverage = last ? WeightAverage.Exponential(optimizer.Shards, 0.5) : null, "of decay 0.5");
            AssertStep((optimizer, last) => optimizer.GradientClipping = last ? GradientClipping.ByNorm(3) : null, "MaxNorm = 3");
        });

        // Options that write nothing for checkpoints are told apart, too.
        AssertEach(2, (communicator, last) => Make(communicator, new Extensions.SignumOptions { Beta = last ? 0.8 : 0.9 }), "Beta = 0.8");

        static void AssertStep(Action<ShardedOptimizer, bool> prepare, string message) => AssertEach(
            2,
            (communicator, last) =>
            {
                using var model = new MatrixModel(communicator.Device, [[4, 3]]);
                using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
                prepare(optimizer, last);
                optimizer.Step();
            },
            message);
    }

    [Test]
    public void SendsWhatTheFormulaSays([Values(1, 2, 3, 4, 7)] int ranks, [Values] bool isOrdered, [Values] bool isMuon)
    {
        long[][] shapes = [[256, 64], [256, 64], [128, 96], [64, 64], [64, 64], [64, 64], [100, 7]];
        var sent = ThreadCommunicator.Run(ranks, communicator =>
        {
            using var model = new MatrixModel(communicator.Device, shapes);
            using var optimizer = new ShardedOptimizer(communicator, isMuon ? new MuonOptions() : new AdamWOptions(), model.Parameters, new() { SumsInRankOrder = isOrdered, BucketBytes = 90_000 });
            model.NextGradients();
            optimizer.Step();
            var before = communicator.BytesSent;
            optimizer.Step();
            Assert.That(communicator.BytesSent - before, Is.EqualTo(optimizer.BytesSentPerStep + optimizer.AgreementBytesPerStep));
            return optimizer.BytesSentPerStep;
        });
        // All ranks together: a gradient of each rank but its owner's, and what comes back to each rank but its owner.
        var elements = shapes.Sum(shape => shape[0] * shape[1]);
        Assert.That(sent.Sum(), Is.EqualTo((ranks - 1) * elements * (sizeof(float) + (isMuon ? 2 : sizeof(float)))));
    }

    [Test]
    public void SumsOfAnyOrderAreEqualOnAllRanks([Values(2, 4)] int ranks, [Values] bool isMuon)
    {
        using var device = new SimdDevice(threads: 1);
        float[][] Train(ThreadCommunicator? communicator, int size)
        {
            var own = communicator?.Device ?? device;
            using var model = new MatrixModel(own, [[64, 40], [64, 40], [30, 9]]);
            using Optimizer optimizer = communicator is null
                ? isMuon ? new Muon(model.Parameters) : new AdamW(model.Parameters)
                : new ShardedOptimizer(communicator, isMuon ? new MuonOptions() : new AdamWOptions(), model.Parameters, new() { SumsInRankOrder = false, ReplicaCheckInterval = 1, Reduction = GradientReduction.Mean });
            for (var step = 0; step < 3; step++)
            {
                model.NextGradients();
                optimizer.Step();
            }
            return model.Data();
        }
        var expected = Train(null, 1);
        foreach (var actual in ThreadCommunicator.Run(ranks, communicator => Train(communicator, ranks)))
        {
            for (var i = 0; i < expected.Length; i++)
                Assert.That(actual[i], Is.EqualTo(expected[i]).Within(isMuon ? 1e-3 : 1e-6));
        }
    }

    [Test]
    public void RanksThatAreDifferentAreTold([Values(2, 3)] int ranks)
    {
        AssertEach(ranks, (communicator, last) => Make(communicator, shape: last ? [3, 5] : [5, 3]), $"Rank {ranks - 1} has 'parameter p [3, 5] Float32' where rank 0 has 'parameter p [5, 3] Float32'");
        AssertEach(ranks, (communicator, last) => Make(communicator, name: last ? "q" : "p"), $"Rank {ranks - 1} has 'parameter q");
        AssertEach(ranks, (communicator, last) => Make(communicator, new AdamWOptions { Beta1 = last ? 0.8 : 0.9 }), "betas=0.8");
        AssertEach(ranks, (communicator, last) => Make(communicator, last ? new AdamOptions() : new AdamWOptions()), "group AdamOptions");
        AssertEach(ranks, (communicator, last) => Make(communicator, sharding: new() { BucketBytes = last ? 7 : 8 }), "BucketBytes = 7");
        AssertEach(ranks, (communicator, last) => Make(communicator, new MuonOptions(), shape: last ? [5] : [5, 3]), $"Rank {ranks - 1} could not make the optimizer. ArgumentException: Muon must be given matrices", lastThrows: typeof(ArgumentException));
    }

    [Test]
    public void GradientsMustBeOnAllRanksOrOnNone() => AssertEach(
        3,
        (communicator, last) =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3], [5, 2], [2, 2]]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            model.NextGradients();
            optimizer.Step();
            var before = model.Data();
            model.NextGradients();
            model.Parameters[2].HasGradient = false;
            model.Parameters[0].HasGradient = !last;
            try
            {
                optimizer.Step();
            }
            finally
            {
                Assert.That(model.Data(), Is.EqualTo(before));
            }
        },
        "rank 2 has none for 'w0'. Nothing was changed.");

    [Test]
    public void OptionsMustStayTheSame() => AssertEach(
        2,
        (communicator, last) =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3]]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            model.NextGradients();
            optimizer.Groups[0].LearningRate = last ? 0.5 : 0.25;
            optimizer.Step();
        },
        "lr=0.5");

    [Test]
    public void ARankThatCannotStepSaysSo() => AssertEach(
        3,
        (communicator, last) =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3], [3, 3]]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            model.NextGradients();
            if (last)
                model.Parameters[1].Dispose();
            optimizer.Step();
        },
        "Rank 2 could not step, so that no rank has. ObjectDisposedException",
        lastThrows: typeof(ObjectDisposedException));

    [Test]
    public void ParametersAreWholeWhereverAStepFails([Values] bool isMuon)
    {
        // Every operation of the second step fails once; parameters are those of a step.
        for (var failing = 0; ; failing++)
        {
            var (number, hasFailed) = (failing, false);
            ThreadCommunicator.Run(
                3,
                communicator =>
                {
                    using var model = new MatrixModel(communicator.Device, [[64, 40], [64, 40], [70, 64]]);
                    using var optimizer = new ShardedOptimizer(communicator, isMuon ? new MuonOptions() : new AdamWOptions(), model.Parameters, new() { BucketBytes = 20_000 });
                    optimizer.GradientClipping = GradientClipping.ByNorm(1);
                    model.NextGradients();
                    optimizer.Step();
                    var state = optimizer.StateDictionary();
                    var (first, count) = (model.Data(), 0);
                    communicator.Fails = _ => communicator.Rank == 1 && count++ == number;
                    model.NextGradients();
                    try
                    {
                        optimizer.Step();
                    }
                    catch (CommunicationException)
                    {
                        hasFailed = true;
                        Assert.That(model.Data(), Is.EqualTo(first));
                        Assert.Throws<CommunicationException>(optimizer.Step);
                    }
                    return 0;
                });
            if (!hasFailed)
            {
                Assert.That(number, Is.GreaterThan(3), "some operations failed");
                break;
            }
        }
    }

    [Test]
    public void ReplicasThatDriftAreFound() => AssertEach(
        3,
        (communicator, last) =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3], [3, 3]]);
            using var optimizer = new ShardedOptimizer(communicator, new SgdOptions { LearningRate = 0 }, model.Parameters, new() { ReplicaCheckInterval = 2 });
            model.NextGradients();
            optimizer.Step();
            // What no rank owns changes behind its back: a bit of a parameter without a gradient.
            foreach (var parameter in model.Parameters)
                parameter.HasGradient = false;
            if (last)
                model.Parameters[1].Data.Span[4] += 1;
            optimizer.Step();
        },
        "equal on all ranks after 2 steps. 'w1' of rank 2 is another than rank 0's",
        isForAll: true);

    [Test]
    public void ParametersMustStartEqual()
    {
        AssertEach(
            3,
            (communicator, last) =>
            {
                using var model = new MatrixModel(communicator.Device, [[4, 3], [3, 3]]);
                if (last)
                    model.Parameters[1].Data.Span[0] = 7;
                using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            },
            "equal on all ranks to start with. Broadcast makes them so. 'w1' of rank 2",
            isForAll: true);
        var all = ThreadCommunicator.Run(3, communicator =>
        {
            using var model = new MatrixModel(communicator.Device, [[4, 3], [3, 3]], seed: communicator.Rank);
            ShardedOptimizer.Broadcast(communicator, model.Parameters, root: 2);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), model.Parameters);
            return model.Data();
        });
        using var device = new SimdDevice(threads: 1);
        using var expected = new MatrixModel(device, [[4, 3], [3, 3]], seed: 2);
        Assert.That(all, Is.All.EqualTo(expected.Data()));
    }

    [Test]
    public void SlicesMustMakeTheWhole()
    {
        AssertEach(2, (communicator, last) => Make(communicator, slice: last ? 3 : 0), "must make the whole tensor", isForAll: true, lastThrows: typeof(ArgumentException), firstThrows: typeof(ArgumentException));
        AssertEach(2, (communicator, last) => Make(communicator, slice: 0), "must make the whole tensor", isForAll: true, lastThrows: typeof(ArgumentException), firstThrows: typeof(ArgumentException));
        using var device = new SimdDevice(threads: 1);
        var parameter = device.CreateParameter("p", [2, 3]);
        Assert.That(() => parameter.Slice = new([4, 2], 0), Throws.ArgumentException.With.Message.Contains("must be whole rows"));
        Assert.That(() => parameter.Slice = new([4, 3], 3), Throws.ArgumentException.With.Message.Contains("must be whole rows"));
        parameter.Slice = new([4, 3], 2);
        using var muon = new Muon([parameter]);
        Assert.That(muon.Step, Throws.InvalidOperationException.With.Message.Contains("ShardedOptimizer"));
    }

    [Test]
    public void GradientsMayBeAccumulated([Values(2, 3)] int ranks)
    {
        using var single = new SimdDevice(threads: 1);
        float[][] Train(Device device, Func<Parameter[], Optimizer> create, int rank, int size)
        {
            using var model = new MatrixModel(device, [[64, 80], [7, 9]]);
            using var optimizer = create(model.Parameters);
            using var accumulation = new GradientAccumulation(optimizer, 2);
            for (var step = 0; step < 6; step++)
            {
                model.NextGradients();
                if (size > 1)
                {
                    foreach (var parameter in model.Parameters)
                        parameter.Gradient.CopyFrom(ShardedRepetition.Share<float>(parameter.Gradient.Span, rank, size));
                }
                accumulation.Step();
            }
            return model.Data();
        }
        var expected = Train(single, parameters => new AdamW(parameters), 0, 1);
        foreach (var actual in ThreadCommunicator.Run(ranks, communicator => Train(communicator.Device, parameters => new ShardedOptimizer(communicator, new AdamWOptions(), parameters), communicator.Rank, ranks)))
            Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public unsafe void ParametersMayMove()
    {
        using var single = new SimdDevice(threads: 1);
        float[] Train(Device device, Func<Parameter[], Optimizer> create, int rank, int size)
        {
            float[] numbers = [.. Enumerable.Range(0, 9000).Select(i => MathF.Sin(i))], elsewhere = new float[9000];
            fixed (float* first = numbers, second = elsewhere)
            {
                var simd = (SimdDevice)device;
                var parameter = new Parameter<float>("p", [9000], simd.Wrap(first, 9000));
                using var optimizer = create([parameter]);
                for (var step = 0; step < 4; step++)
                {
                    parameter.Gradient.CopyFrom(ShardedRepetition.Share<float>([.. Enumerable.Range(0, 9000).Select(i => MathF.Cos(i * step))], rank, size));
                    if (step == 2)
                    {
                        numbers.CopyTo(elsewhere.AsSpan());
                        Array.Clear(numbers);
                        parameter.Data.MoveTo((nint)second);
                    }
                    optimizer.Step();
                }
                return parameter.Data.ToArray();
            }
        }
        var expected = Train(single, parameters => new AdamW(parameters), 0, 1);
        foreach (var actual in ThreadCommunicator.Run(3, communicator => Train(communicator.Device, parameters => new ShardedOptimizer(communicator, new AdamWOptions(), parameters), communicator.Rank, 3)))
            Assert.That(actual, Is.EqualTo(expected));
    }

    private static Assignment[] Assignments(Parameter[] parameters) =>
    [
        Assignment.Where("even", parameter => parameters.IndexOf(parameter) % 2 == 0, new MuonOptions()),
        .. parameters.Length > 1 ? [Assignment.Rest(new AdamWOptions())] : Array.Empty<Assignment>(),
    ];

    private static ModelOptimizer Model(Parameter[] parameters) => new(parameters, Assignments(parameters));

    private static void Make(ThreadCommunicator communicator, OptimizerOptions? options = null, string name = "p", long[]? shape = null, ShardedOptions? sharding = null, int? slice = null)
    {
        var parameter = communicator.Device.CreateParameter(name, shape ?? [5, 3]);
        if (slice is { } start)
            parameter.Slice = new([10, .. parameter.Shape.Skip(1)], start);
        new ShardedOptimizer(communicator, options ?? new AdamWOptions(), [parameter], sharding).Dispose();
    }

    /// <summary>Has every rank fail: the last with an error of its own, if it is said which.</summary>
    private static void AssertEach(
        int ranks, Action<ThreadCommunicator, bool> run, string message, bool isForAll = false, Type? lastThrows = null, Type? firstThrows = null)
    {
        ThreadCommunicator.Run(ranks, communicator =>
        {
            var isLast = communicator.Rank == ranks - 1;
            var failure = Assert.Catch(() => run(communicator, isLast))!;
            Assert.That(failure, Is.TypeOf(isLast && lastThrows is not null ? lastThrows : firstThrows ?? typeof(CommunicationException)));
            if (!isLast || lastThrows is null || isForAll)
                Assert.That(failure.Message, Does.Contain(message));
            return 0;
        });
    }
}
