namespace GpuOptim.Kernels.Ilgpu;

/// <summary>A tensor of a fused update in device memory: addresses, 0 for a state or an average that is not in use, and how many elements it has.</summary>
internal struct GpuSegment
{
    public long Parameter;
    public long State0;
    public long State1;
    public long State2;
    public long Average;
    public long Length;
}
