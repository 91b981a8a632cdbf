namespace GpuOptim.Tests.TorchSharp;

/// <summary>Tests that need libtorch.</summary>
public abstract class TorchTest
{
    [OneTimeSetUp]
    public void LoadNativeLibrary()
    {
        if (NativeLibtorch.Failure is { } failure)
            Assert.Ignore($"libtorch does not load on this machine: {failure}");
    }
}
