using GpuOptim.Tests.Ilgpu;

namespace GpuOptim.Tests;

/// <summary>At the end of all tests, so that what is left on a card is a leak.</summary>
[SetUpFixture]
public sealed class CloseAccelerators
{
    [OneTimeTearDown]
    public void Close() => SharedAccelerator.Close();
}
