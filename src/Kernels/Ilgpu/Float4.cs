namespace GpuOptim.Kernels.Ilgpu;

/// <summary>16 bytes that a GPU thread loads and stores at once, as floats.</summary>
internal struct Float4(float x, float y, float z, float w)
{
    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;
}
