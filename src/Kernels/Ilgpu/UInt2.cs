namespace GpuOptim.Kernels.Ilgpu;

/// <summary>8 bytes that a GPU thread loads and stores at once: four 16-bit numbers, the first in the lower half of <see cref="X"/>.</summary>
internal struct UInt2(uint x, uint y)
{
    public uint X = x;
    public uint Y = y;
}
