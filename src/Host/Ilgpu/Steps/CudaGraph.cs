using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A graph of CUDA's, ready to be launched. It goes with the accelerator if that goes first.</summary>
internal sealed class CudaGraph : AcceleratorObject
{
    private readonly nint _executable;

    private CudaGraph(Accelerator accelerator, nint executable)
        : base(accelerator) => _executable = executable;

    /// <summary>Captures what is given to a stream meanwhile.</summary>
    /// <param name="stream">The stream, which nobody else uses.</param>
    /// <param name="work">Gives it its work.</param>
    /// <exception cref="CudaException">What was given cannot be a graph.</exception>
    public static CudaGraph Capture(CudaStream stream, Action work)
    {
        CudaException.ThrowIfFailed(CudaDriver.BeginCapture(stream.StreamPtr));
        nint graph = 0;
        CudaError ended;
        try
        {
            work();
        }
        finally
        {
            ended = CudaDriver.EndCapture(stream.StreamPtr, out graph);
            if (ended != CudaError.CUDA_SUCCESS && graph != 0)
                CudaDriver.DestroyGraph(graph);
        }
        CudaException.ThrowIfFailed(ended);
        var made = CudaDriver.Instantiate(graph, out var executable);
        CudaDriver.DestroyGraph(graph);
        CudaException.ThrowIfFailed(made);
        return new(stream.Accelerator, executable);
    }

    /// <summary>Enqueues it.</summary>
    public void Launch(CudaStream stream) => CudaException.ThrowIfFailed(CudaDriver.Launch(_executable, stream.StreamPtr));

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        var error = CudaDriver.DestroyExecutable(_executable);
        if (disposing)
            CudaException.ThrowIfFailed(error);
    }
}
