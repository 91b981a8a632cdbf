using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>State of fewer bits in PyTorch's files, which have no such thing: what it stands for, in the parameter's type.</summary>
public sealed class TorchPrecisionTests : FolderTest
{
    private static readonly LoadOptions _convert = new() { Convert = true };

    private string File => Path.Combine(Folder, "run.pt");

    private static IEnumerable<StatePrecision> FewerBits => [StatePrecision.BFloat16, StatePrecision.Float16, StatePrecision.Blockwise8];

    public static IEnumerable<OptimizerOptions> Kinds => [.. PrecisionRun.Kinds.Where(kind => kind is not MuonOptions), new MuonOptions { NewtonSchulz = new() { Steps = 5 } }];

    /// <summary>What PyTorch reads, an optimizer with its precision reads here; and one with few bits encodes it again, if it may.</summary>
    [TestCaseSource(nameof(Kinds))]
    public async Task StateIsWrittenAsWhatItStandsFor(OptimizerOptions kind)
    {
        foreach (var precision in FewerBits)
        {
            var options = kind with { StatePrecision = precision, StateRounding = StateRounding.Stochastic };
            using PrecisionRun run = new(options, isFloat: true), usual = new(kind, isFloat: true), back = new(options, isFloat: true);
            await TorchCheckpoint.SaveAsync(File, run.Train(0, 3).Optimizer);
            var decoded = run.Optimizer.StateDictionary(decoded: true);
            // Random numbers alone need the count of steps of an optimizer that does not count.
            var counts = kind is not (SgdOptions or MuonOptions);
            TorchCheckpoint.Load(File, usual.Optimizer);
            Assert.That(StateSnapshot.Of(usual.Optimizer.StateDictionary()), Is.EqualTo(StateSnapshot.Of(counts ? decoded : WithoutSteps(decoded))));
            usual.Train(3, 1);

            if (decoded["wide"].Tensors.Count > 0)
            {
                var before = back.Snapshot();
                Assert.That(() => TorchCheckpoint.Load(File, back.Optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains("of parameter 'wide' must be").And.Message.Contains("Actual type was Float32; LoadOptions.Convert takes it"));
                Assert.That(back.Snapshot(), Is.EqualTo(before));
            }
            TorchCheckpoint.Load(File, back.Optimizer, _convert);
            var again = back.Optimizer.StateDictionary(decoded: true);
            Assert.That(back.Optimizer.Groups[0].AnyOptions, Is.EqualTo(run.Optimizer.Groups[0].AnyOptions));
            foreach (var (name, tensor) in decoded["wide"].Tensors)
            {
                var values = tensor.Values<float>().ToArray();
                Assert.That(again["wide"][name].Values<float>().ToArray(), Is.EqualTo(values).Within(precision == StatePrecision.Blockwise8 ? values.Max(MathF.Abs) / 20 : 0), name);
            }
            back.Train(3, 1);
        }
    }

    /// <summary>Of bfloat16 parameters PyTorch's state has sixteen bits, to which what has eight, or has them on purpose, is rounded.</summary>
    [Test]
    public void StateOfNarrowParametersIsRoundedToTheirType()
    {
        foreach (var precision in FewerBits)
        {
            using PrecisionRun run = new(new AdamWOptions { StatePrecision = precision }), usual = new(new AdamWOptions());
            TorchCheckpoint.Save(File, run.Train(0, 3).Optimizer);
            TorchCheckpoint.Load(File, usual.Optimizer);
            Assert.That(usual.Optimizer.StateDictionary()["narrow"]["exp_avg"].Values<BFloat16>().ToArray(), Is.EqualTo(Floats(run, "narrow").Select(value => (BFloat16)value)));
            Assert.That(usual.Optimizer.Groups[0].AnyOptions.ComputePrecision, Is.EqualTo(ComputePrecision.Float32), "which is PyTorch's fused");
        }

        static float[] Floats(PrecisionRun run, string name) => run.Optimizer.StateDictionary(decoded: true)[name]["exp_avg"].Values<float>().ToArray();
    }

    /// <summary>What PyTorch would go on from differently is not written.</summary>
    [Test]
    public void WhatPyTorchDoesNotDoIsNotWritten()
    {
        using var device = new SimdDevice(threads: 1);
        Parameter brain = device.CreateParameter<BFloat16>("brain", [8, 8]), half = device.CreateParameter<Half>("half", [8, 8]), single = device.CreateParameter("single", [8, 8]);
        foreach (var rounding in Enum.GetValues<ParameterRounding>().Where(rounding => rounding != ParameterRounding.Nearest))
        {
            AssertRefused(new AdamOptions { ParameterRounding = rounding }, brain, $"ParameterRounding must be Nearest, for PyTorch has no other, and would lose the small steps from here on. That of BFloat16 parameter 'brain' is {rounding}: take Checkpoint");
            using var wide = new Adam([single], new() { ParameterRounding = rounding });
            Assert.That(() => TorchCheckpoint.Save(File, wide), Throws.Nothing);
            System.IO.File.Delete(File);
        }
        AssertRefused(new AdamOptions { StatePrecision = StatePrecision.Blockwise8 }, half, "That of Float16 parameter 'half' has StatePrecision.Blockwise8, of a wider range: take Checkpoint");
        AssertRefused(new AdamOptions { StatePrecision = StatePrecision.Float32 }, brain, "That of BFloat16 parameter 'brain' is Float32: take Checkpoint");
        AssertRefused(new RmsPropOptions { StatePrecision = StatePrecision.BFloat16 }, brain, "StatePrecision must be SameAsParameter, for PyTorch has no fused RmsProp. That of BFloat16 parameter 'brain' is BFloat16, which computes in float: take Checkpoint");

        void AssertRefused(OptimizerOptions options, Parameter parameter, string message)
        {
            using var optimizer = options.CreateOptimizer([parameter]);
            Assert.That(() => TorchCheckpoint.Save(File, optimizer), Throws.ArgumentException.With.Message.Contains(message));
            Assert.That(System.IO.File.Exists(File), Is.False);
        }
    }

    /// <summary>PyTorch keeps nothing of a parameter's rounding: it begins with the parameter.</summary>
    [TestCase(ParameterRounding.Stochastic, null)]
    [TestCase(ParameterRounding.Kahan, "compensation")]
    [TestCase(ParameterRounding.MasterRemainder, "remainder")]
    [TestCase(ParameterRounding.Master, "master")]
    public void RoundingsBeginWithTheParameter(ParameterRounding rounding, string? kept)
    {
        foreach (var kind in (OptimizerOptions[])[new AdamWOptions(), new SgdOptions { Momentum = 0.9 }])
        {
            using PrecisionRun usual = new(kind), run = new(kind with { ParameterRounding = rounding });
            TorchCheckpoint.Save(File, usual.Train(0, 2).Optimizer);
            if (kept is not null)
                Assert.That(() => TorchCheckpoint.Load(File, run.Optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"State '{kept}' of parameter 'narrow' is missing; of a file, LoadOptions.Convert begins it with the parameter's value"));
            TorchCheckpoint.Load(File, run.Train(7, 1).Optimizer, _convert);
            Assert.That(run.Parameters.Select(Bits.Hexadecimal), Is.EqualTo(usual.Parameters.Select(Bits.Hexadecimal)));
            if (kept is not null)
            {
                var tensor = run.Optimizer.StateDictionary()["narrow"][kept];
                if (rounding == ParameterRounding.Master)
                    Assert.That(tensor.Values<float>().ToArray(), Is.EqualTo(((Parameter<BFloat16>)usual.Parameters[1]).Data.ToArray().Select(value => (float)value)));
                else
                    Assert.That(tensor.Bytes.ToArray(), Is.All.Zero);
            }
            run.Train(2, 1);
        }
    }

    private static StateDictionary WithoutSteps(StateDictionary state) =>
        state with { Parameters = state.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value with { Step = null }) };
}
