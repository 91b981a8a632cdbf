namespace GpuOptim.Kernels.Ilgpu;

/// <summary>What one group of threads updates: a stretch of a tensor.</summary>
internal struct GpuChunk
{
    public int Segment;

    /// <summary>Which stretch of <see cref="UpdateKernel.ChunkLength"/> elements it is.</summary>
    public int Index;
}
