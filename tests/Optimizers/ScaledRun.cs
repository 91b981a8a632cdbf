using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using SafetensorsFile = GpuOptim.Tests.Support.SafetensorsFile;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Training with a <see cref="GradientScaler"/>, in which some steps are skipped.</summary>
internal static class ScaledRun
{
    /// <summary>Repeats a recorded run of PyTorch and holds parameters, scale and what goes with it to the recorded bits after every step, state at the end.</summary>
    public static void VerifyRecording(Device device, string name, Func<Parameter[], Optimizer> create, bool readsEveryStep)
    {
        var file = new SafetensorsFile(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", name + ".safetensors"));
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 2).Select(i => device.CreateParameter<float>($"p{i}", file.Shape($"init/{i}"), file.Values<float>($"init/{i}")))];
        using var optimizer = create(parameters);
        using var scaler = new GradientScaler(device, new()
        {
            InitialScale = file.JsonMetadata("init_scale").GetDouble(),
            GrowthFactor = file.JsonMetadata("growth_factor").GetDouble(),
            BackoffFactor = file.JsonMetadata("backoff_factor").GetDouble(),
            GrowthInterval = file.JsonMetadata("growth_interval").GetInt32(),
        });
        optimizer.GradientScaler = scaler;
        var (scales, trackers, skipped) = (file.JsonMetadata("scale_after"), file.JsonMetadata("growth_tracker_after"), file.JsonMetadata("skipped"));
        for (var step = 1; step <= scales.GetArrayLength(); step++)
        {
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].Gradient.CopyFrom(file.Values<float>($"grad/{step}/{i}"));
            optimizer.Step();
            for (var i = 0; i < parameters.Length; i++)
                Bits.AreEqual<float>(parameters[i].Data.ToArray(), file.Values<float>($"param/{step}/{i}").ToArray(), $"parameter {i} after step {step}");
            if (!readsEveryStep)
                continue;
            Assert.That(scaler.ReadScale(), Is.EqualTo(scales[step - 1].GetSingle()), $"scale after step {step}");
            Assert.That(scaler.State().GrowthTracker, Is.EqualTo(trackers[step - 1].GetInt32()), $"growth tracker after step {step}");
            Assert.That(scaler.ReadSkippedSteps(), Is.EqualTo(skipped.EnumerateArray().Take(step).Count(each => each.GetBoolean())));
        }
        var state = file.JsonMetadata("state_dict");
        Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(
            state.GetProperty("scale").GetDouble(),
            state.GetProperty("growth_factor").GetDouble(),
            state.GetProperty("backoff_factor").GetDouble(),
            state.GetProperty("growth_interval").GetInt32(),
            state.GetProperty("_growth_tracker").GetInt32())));
        foreach (var (parameter, each) in optimizer.StateDictionary().Parameters)
        {
            if (each.Step is { } count)
                Assert.That(count, Is.EqualTo(skipped.EnumerateArray().Count(value => !value.GetBoolean())));
            foreach (var (slot, tensor) in each.Tensors)
                Bits.AreEqual<float>(tensor.Values<float>().ToArray(), file.Values<float>($"state/{slot}/{parameter[1..]}").ToArray(), $"{slot} of {parameter}");
        }
    }

    /// <summary>
    /// Trains tensors of all types, one of which has no gradient in every third step, in 40 steps of which a third are skipped, and tells what came out.
    /// </summary>
    public static string[] Train(Device device, Func<Parameter[], Optimizer> create, GradientClipping? clipping)
    {
        var random = new Random(7);
        Parameter[] parameters =
        [
            device.CreateParameter<float>("a", [24, 20], Numbers<float>(random, 480)),
            device.CreateParameter<float>("b", [5003], Numbers<float>(random, 5003)),
            device.CreateParameter<BFloat16>("c", [301], Numbers<BFloat16>(random, 301)),
            device.CreateParameter<Half>("d", [77], Numbers<Half>(random, 77)),
            device.CreateParameter<float>("e", [10], Numbers<float>(random, 10)),
        ];
        using var optimizer = create(parameters);
        using var scaler = new GradientScaler(device, new() { InitialScale = 96, GrowthInterval = 2 });
        (optimizer.GradientScaler, optimizer.GradientClipping) = (scaler, clipping);
        for (var step = 0; step < 40; step++)
        {
            var isBad = random.Next(3) == 0;
            foreach (var parameter in parameters)
            {
                switch (parameter)
                {
                    case Parameter<float> single: single.Gradient.CopyFrom(Gradients<float>(random, single, isBad)); break;
                    case Parameter<BFloat16> brain: brain.Gradient.CopyFrom(Gradients<BFloat16>(random, brain, isBad)); break;
                    default: ((Parameter<Half>)parameter).Gradient.CopyFrom(Gradients<Half>(random, parameter, isBad)); break;
                }
            }
            parameters[4].HasGradient = step % 3 != 0;
            optimizer.Step();
        }
        var state = optimizer.StateDictionary().Parameters;
        return
        [
            .. parameters.Select(parameter => $"{parameter.Name} {Bits.Hexadecimal(parameter)} {state[parameter.Name].Step}"),
            $"{scaler.State()} {scaler.ReadSkippedSteps()}",
        ];
    }

    private static T[] Numbers<T>(Random random, int count) where T : unmanaged => [.. Enumerable.Range(0, count).Select(_ => Bits.FromFloat<T>(random.NextSingle() - 0.5f))];

    /// <summary>Gradients; one of the last tensor but one is not finite in a bad step.</summary>
    private static T[] Gradients<T>(Random random, Parameter parameter, bool isBad) where T : unmanaged
    {
        var gradients = Numbers<T>(random, (int)parameter.Length);
        if (isBad && parameter.Name == "d")
            gradients[random.Next(gradients.Length)] = Bits.FromFloat<T>(random.Next(2) == 0 ? float.NaN : float.NegativeInfinity);
        return gradients;
    }
}
