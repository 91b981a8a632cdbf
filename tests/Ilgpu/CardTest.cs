using GpuOptim.Host.Ilgpu;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Tests that need a CUDA device, and an engine with an accelerator of its own.</summary>
[Category("Card")]
public abstract class CardTest
{
    private Context? _context;
    private CudaAccelerator? _accelerator;

    private protected Context Context => _context!;

    private protected CudaAccelerator Accelerator => _accelerator!;

    [OneTimeSetUp]
    public void MakeEngine()
    {
        if (IlgpuDevice.CudaDescription is null)
            Assert.Ignore("There is no CUDA device.");
        // Made before any device of ours, by an engine that knows nothing of our instructions.
        _context = Context.Create(builder => builder.Cuda());
        _accelerator = _context.CreateCudaAccelerator(0);
    }

    [OneTimeTearDown]
    public void CloseEngine()
    {
        _accelerator?.Dispose();
        _context?.Dispose();
    }
}
