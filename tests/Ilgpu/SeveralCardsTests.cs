using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>A machine with several cards.</summary>
[Category("Card")]
public sealed class SeveralCardsTests
{
    [OneTimeSetUp]
    public void RequireCards()
    {
        if (IlgpuDevice.CudaDevices.Count < 2)
            Assert.Ignore("There are no two CUDA devices.");
    }

    [Test]
    public void EachIsListed()
    {
        Assert.That(Device.All.Take(2).Select(info => info.Name), Is.EqualTo(["cuda", "cuda:1"]));
        Assert.That(() => Device.Open("cuda:99"), Throws.ArgumentException.With.Message.Contains("cuda, cuda:1"));
    }

    [TestCase("cuda", 0)]
    [TestCase("cuda:0", 0)]
    [TestCase("CUDA:1", 1)]
    public void EachIsOpenedByName(string name, int index)
    {
        using var device = Device.Open(name);
        Assert.That(((ILGPU.Runtime.Cuda.CudaAccelerator)((IlgpuDevice)device).Accelerator).DeviceId, Is.EqualTo(index));
        Assert.That(device.Name, Is.EqualTo(index == 0 ? "cuda" : "cuda:1"));
    }

    /// <summary>From two threads at once, and one after the other on the same thread: the bits of the CPU on both.</summary>
    [Test]
    public void BothTrain([Values] bool areParallel)
    {
        string[] names = ["cuda", "cuda:1"];
        var results = new float[2][][];
        if (areParallel)
            Parallel.For(0, 2, card => results[card] = Train(names[card], card));
        else
            results = [Train(names[0], 0), Train(names[1], 1)];
        for (var card = 0; card < 2; card++)
        {
            var expected = Train("simd", card);
            for (var i = 0; i < expected.Length; i++)
                Bits.AreEqual<float>(results[card][i], expected[i], $"{names[card]}, p{i}");
        }
    }

    /// <summary>What lies on one card is not another's.</summary>
    [Test]
    public void ParametersOfAnotherCardAreRefused()
    {
        using var first = Device.Open("cuda");
        using var second = Device.Open("cuda:1");
        var parameters = new[] { first.CreateParameter<float>("a", [3]), second.CreateParameter<float>("b", [3]) };
        Assert.That(() => new Sgd(parameters), Throws.ArgumentException.With.Message.Contains("device"));
    }

    private static float[][] Train(string name, int seed)
    {
        using var device = Device.Open(name);
        using var model = new RandomModel<float>(device, [1001, 4, 300], seed);
        using var optimizer = new AdamW(model.Parameters);
        for (var step = 0; step < 5; step++)
        {
            model.NextGradients();
            optimizer.Step();
        }
        return model.Data();
    }
}
