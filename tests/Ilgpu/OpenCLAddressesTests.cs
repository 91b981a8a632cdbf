using GpuOptim.Host.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Addresses for buffers that have none.</summary>
public sealed class OpenCLAddressesTests
{
    [Test]
    public void AnAddressWithinABufferLeadsBackToIt()
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));
        using var accelerator = context.CreateCPUAccelerator(0);
        using MemoryBuffer1D<byte, Stride1D.Dense> first = accelerator.Allocate1D<byte>(10), second = accelerator.Allocate1D<byte>(20), third = accelerator.Allocate1D<byte>(30);
        var addresses = new OpenCLAddresses();
        var (a, memoryOfA) = addresses.Add(first.View, null);
        var (b, _) = addresses.Add(second.View, null);
        Assert.That(a, Is.GreaterThan((nint)0).And.Not.EqualTo(b));
        Assert.That(addresses.Find(a + 7), Is.EqualTo(((ArrayView<byte>)first.View, 7L)));
        Assert.That(addresses.Find(b), Is.EqualTo(((ArrayView<byte>)second.View, 0L)));

        // A number that was taken back is given again, once, and taking it back again does nothing.
        memoryOfA.Dispose();
        var (c, _) = addresses.Add(third.View, null);
        memoryOfA.Dispose();
        var (d, _) = addresses.Add(first.View, null);
        Assert.That(new[] { b, c, d }, Is.Unique);
        Assert.That(addresses.Find(c + 29), Is.EqualTo(((ArrayView<byte>)third.View, 29L)));
        Assert.That(addresses.Find(b + 1), Is.EqualTo(((ArrayView<byte>)second.View, 1L)));
    }
}
