namespace GpuOptim.Kernels.Ilgpu;

/// <summary>16 bytes that a GPU thread loads and stores at once: eight 16-bit numbers, the first in the lower half of <see cref="X"/>.</summary>
internal struct UInt4(uint x, uint y, uint z, uint w)
{
    public uint X = x;
    public uint Y = y;
    public uint Z = z;
    public uint W = w;
}
