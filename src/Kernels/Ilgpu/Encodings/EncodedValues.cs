namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>A thread's numbers as floats.</summary>
internal struct EncodedValues
{
    public GpuFloats8 Parameter;
    public GpuFloats8 State0;
    public GpuFloats8 State1;
    public GpuFloats8 State2;
}
