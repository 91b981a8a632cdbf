using System.Runtime.InteropServices;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>State and parameters in fewer bits on several ranks: the bits of one process, random roundings among them; saved by some, gone on with by others.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedLowPrecisionTests : FolderTest
{
    private const int Steps = 3;

    private static readonly long[][] _shapes = [[3, 4096], [9000], [300], [48, 96]];

    private static IEnumerable<TestCaseData> Modes => new OptimizerOptions[]
    {
        new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, ParameterRounding = ParameterRounding.MasterRemainder },
        new AdamWOptions { StatePrecision = StatePrecision.Float16, ParameterRounding = ParameterRounding.Kahan, FullPrecisionBelow = 0 },
        new AdamWOptions { StatePrecision = StatePrecision.BFloat16, StateRounding = StateRounding.Stochastic, ParameterRounding = ParameterRounding.Stochastic },
        new SgdOptions { Momentum = 0.9, StatePrecision = StatePrecision.Blockwise8, ParameterRounding = ParameterRounding.Master, FullPrecisionBelow = 0 },
        new MuonOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, FullPrecisionBelow = 0, FlattenConvolutions = true },
    }.Select(options => new TestCaseData(options).SetArgDisplayNames(LowPrecision.Describe(options)));

    [TestCaseSource(nameof(Modes))]
    public void RanksHaveTheBitsOfOneProcess(OptimizerOptions options)
    {
        using var single = new SimdDevice(threads: 1);
        var expected = Train(single, options, null);
        foreach (var (before, after) in new[] { (2, 3), (3, 1), (1, 5) })
        {
            var index = Path.Combine(Folder, $"{before}.sharded.json");
            ThreadCommunicator.Run(before, communicator => Train(communicator.Device, options, communicator, index, saves: true));
            foreach (var end in ThreadCommunicator.Run(after, communicator => Train(communicator.Device, options, communicator, index)))
                Assert.That(end, Is.EqualTo(expected), $"{before} ranks, then {after}");
        }
    }

    /// <summary>PyTorch's files have nothing of a rounding: it begins with the parameter, on every rank with its part.</summary>
    [TestCase(ParameterRounding.Kahan)]
    [TestCase(ParameterRounding.Master)]
    public void RoundingsBeginWithTheParametersOfATorchFile(ParameterRounding rounding)
    {
        var file = Path.Combine(Folder, "run.pt");
        using var single = new SimdDevice(threads: 1);
        using (var usual = Make(single, new AdamWOptions(), null))
            TorchCheckpoint.Save(file, usual);
        var options = new AdamWOptions { ParameterRounding = rounding };
        var expected = GoOn(single, null);
        foreach (var end in ThreadCommunicator.Run(2, communicator => GoOn(communicator.Device, communicator)))
            Assert.That(end, Is.EqualTo(expected));

        byte[] GoOn(Device device, ThreadCommunicator? ranks)
        {
            using var optimizer = Make(device, options, ranks);
            TorchCheckpoint.Load(file, optimizer, new LoadOptions { Convert = true });
            return Step(optimizer, ranks);
        }

        static Optimizer Make(Device device, OptimizerOptions options, ThreadCommunicator? ranks)
        {
            var parameter = device.CreateParameter("p", [700], Numbers([700], 1));
            Optimizer optimizer = ranks is null ? options.CreateOptimizer([parameter]) : new ShardedOptimizer(ranks, options, [parameter]);
            Step(optimizer, ranks);
            return optimizer;
        }

        static byte[] Step(Optimizer optimizer, ThreadCommunicator? ranks)
        {
            var parameter = (Parameter<BFloat16>)optimizer.Parameters.Single();
            parameter.Gradient.CopyFrom(ShardedRepetition.Share<BFloat16>(Numbers([700], 2), ranks?.Rank ?? 0, ranks?.Size ?? 1));
            optimizer.Step();
            return MemoryMarshal.AsBytes<BFloat16>(parameter.Data.ToArray()).ToArray();
        }
    }

    [Test]
    public void WhatRanksCannotShareIsRefused()
    {
        ThreadCommunicator.Run(2, communicator =>
        {
            var device = communicator.Device;
            using var matrix = device.CreateParameter<BFloat16>("m", [8, 8]);
            Assert.That(() => new ShardedOptimizer(communicator, new MuonOptions { ParameterRounding = ParameterRounding.Kahan }, [matrix]), Throws.ArgumentException.With.Message.Contains("ParameterRounding").And.Message.Contains("'m'"));
            using var slice = new Parameter<float>("s", [100], device.CreateBuffer<float>(100), device.CreateBuffer<float>(100)) { Slice = new([200], 100 * communicator.Rank) };
            Assert.That(
                () => new ShardedOptimizer(communicator, new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, FullPrecisionBelow = 0 }, [slice]),
                Throws.ArgumentException.With.Message.Contains("multiple of 256").And.Message.Contains("'s'"));
            return 0;
        });
    }

    /// <summary>Trains from the beginning, or on from a file; what is saved half way, or all that there is at the end.</summary>
    private static byte[] Train(Device device, OptimizerOptions options, ThreadCommunicator? ranks, string? index = null, bool saves = false)
    {
        var isMuon = options is MuonOptions;
        Parameter<BFloat16>[] parameters = [.. _shapes.Where(shape => !isMuon || shape.Length > 1).Select((shape, i) => device.CreateParameter($"p{i}", shape, Numbers(shape, i)))];
        using var optimizer = ranks is null ? options.CreateOptimizer(parameters) : new ShardedOptimizer(ranks, options, parameters, new() { BucketBytes = 20_000 });
        optimizer.WeightAverage = WeightAverage.Exponential(ranks is null ? parameters : ((ShardedOptimizer)optimizer).Shards, 0.9, precision: AveragePrecision.StochasticBFloat16);
        var (first, end) = index is null ? (0, 2 * Steps) : saves ? (0, Steps) : (Steps, 2 * Steps);
        if (first > 0)
            ShardedCheckpoint.Load(index!, optimizer);
        for (var t = first; t < end; t++)
        {
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].Gradient.CopyFrom(ShardedRepetition.Share<BFloat16>(Numbers([.. parameters[i].Shape], 100 * t + i), ranks?.Rank ?? 0, ranks?.Size ?? 1));
            optimizer.Step();
        }
        if (saves)
        {
            ShardedCheckpoint.Save(index!, (ShardedOptimizer)optimizer);
            return [];
        }
        var state = optimizer.StateDictionary();
        return
        [
            .. parameters.SelectMany(parameter => MemoryMarshal.AsBytes<BFloat16>(parameter.Data.ToArray()).ToArray()
                .Concat(state[parameter.Name].Tensors.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value.Bytes.ToArray()))),
            .. optimizer.LiveAverages().OrderBy(pair => pair.Key).SelectMany(pair => pair.Value.Bytes.ToArray()),
        ];
    }

    private static BFloat16[] Numbers(long[] shape, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (BFloat16)(random.NextSingle() - 0.5f))];
    }
}
