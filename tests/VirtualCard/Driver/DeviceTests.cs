using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>What the virtual cards say of themselves.</summary>
[NonParallelizable]
public sealed unsafe class DeviceTests
{
    [OneTimeSetUp]
    public void FindLibrary() => VirtualCardLibrary.Require();

    [SetUp]
    public void Clear()
    {
        _ = Cuda.SetOption("stderr", 0);
        Cuda.ReportClear();
    }

    [TestCase("sm_80", 8, 0, 108, 163 << 10)]
    [TestCase("sm_86", 8, 6, 72, 99 << 10)]
    [TestCase("sm_90", 9, 0, 132, 227 << 10)]
    public void EachArchitectureIsACard(string architecture, int major, int minor, int multiprocessors, int shared)
    {
        Assert.That(Cuda.Reset(3, architecture, 0), Is.Zero);
        Assert.That(Cuda.Init(0), Is.Zero);
        Assert.That(Cuda.DeviceGetCount(out var count), Is.Zero);
        Assert.That(count, Is.EqualTo(3));
        Assert.That(Cuda.DeviceGet(out var device, 2), Is.Zero);
        Assert.That(Attribute(75, device), Is.EqualTo(major));
        Assert.That(Attribute(76, device), Is.EqualTo(minor));
        Assert.That(Attribute(16, device), Is.EqualTo(multiprocessors));
        Assert.That(Attribute(97, device), Is.EqualTo(shared));
        var buffer = stackalloc byte[64];
        Assert.That(Cuda.DeviceGetName(buffer, 64, device), Is.Zero);
        Assert.That(Marshal.PtrToStringUTF8((nint)buffer), Does.StartWith("Virtual ").And.Contains(architecture));
        Assert.That(Cuda.DeviceTotalMem(out var bytes, device), Is.Zero);
        Assert.That((long)bytes, Is.GreaterThan(20L << 30));
        Assert.That(Cuda.Reports, Is.Empty);
    }

    [Test]
    public void NothingWorksBeforeInitialization()
    {
        Assert.That(Cuda.Reset(1, "sm_80", 0), Is.Zero);
        Assert.That(Cuda.DeviceGetCount(out _), Is.EqualTo(3));
        Assert.That(Cuda.Reports, Has.One.Contains("cuDeviceGetCount").And.One.Contains("before cuInit"));
    }

    [Test]
    public void AnUnknownArchitectureIsRefused() => Assert.That(Cuda.Reset(1, "sm_12", 0), Is.EqualTo(-1));

    [Test]
    public void AMachineWithoutCardsSaysSo()
    {
        Assert.That(Cuda.Reset(0, "sm_80", 0), Is.Zero);
        Assert.That(Cuda.Init(0), Is.EqualTo(100));
        Assert.That(Cuda.Reset(1, "sm_80", 0), Is.Zero);
    }

    [Test]
    public void CardsAndAttributesThatAreNotThereAreReported()
    {
        Assert.That(Cuda.Reset(1, "sm_80", 0), Is.Zero);
        Assert.That(Cuda.Init(0), Is.Zero);
        Assert.That(Cuda.DeviceGet(out _, 1), Is.EqualTo(101));
        Assert.That(Cuda.DeviceGetAttribute(out _, 100_000, 0), Is.EqualTo(1));
        Assert.That(Cuda.Reports, Has.Length.EqualTo(2).And.One.Contains("cuDeviceGet #").And.One.Contains("no attribute 100000"));
    }

    [Test]
    public void ErrorsHaveNamesAndTexts()
    {
        Assert.That(Cuda.GetErrorName(700, out var name), Is.Zero);
        Assert.That(Marshal.PtrToStringUTF8(name), Is.EqualTo("CUDA_ERROR_ILLEGAL_ADDRESS"));
        Assert.That(Cuda.GetErrorString(0, out var text), Is.Zero);
        Assert.That(Marshal.PtrToStringUTF8(text), Is.EqualTo("no error"));
        Assert.That(Cuda.GetErrorName(12345, out _), Is.EqualTo(1));
    }

    [TestCase("cuMemAlloc", true)]
    [TestCase("cuLaunchKernel", true)]
    [TestCase("cuMemAlloc_v2", true)]
    [TestCase("cuNothing", false)]
    public void FunctionsAreFoundByName(string name, bool isThere)
    {
        var result = Cuda.GetProcAddress(name, out var address, 12000, 0, out _);
        Assert.That(result, Is.EqualTo(isThere ? 0 : 500));
        Assert.That(address != 0, Is.EqualTo(isThere));
    }

    [Test]
    public void TwoRuntimesLiveInOneProcess()
    {
        // The driver throws and catches, collects and computes in parallel in a runtime of its own.
        Assert.That(Cuda.Reset(1, "sm_80", 0), Is.Zero);
        Assert.That(Cuda.Init(0), Is.Zero);
        Parallel.For(0, 1000, i =>
        {
            if (i % 100 == 0)
                GC.Collect();
            try
            {
                if (Cuda.DeviceGet(out _, 1 + i) != 101)
                    throw new InvalidOperationException("found");
                throw new ArgumentException("thrown");
            }
            catch (ArgumentException)
            {
            }
        });
        Assert.That(Cuda.Reports, Has.Length.EqualTo(1000));
    }

    private static int Attribute(int attribute, int device)
    {
        Assert.That(Cuda.DeviceGetAttribute(out var value, attribute, device), Is.Zero);
        return value;
    }
}
