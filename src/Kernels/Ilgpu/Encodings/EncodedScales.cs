namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>For each state, the bits of the scale of a block, or of the largest magnitude in it.</summary>
internal struct EncodedScales
{
    public uint Scale0;
    public uint Scale1;
    public uint Scale2;
}
