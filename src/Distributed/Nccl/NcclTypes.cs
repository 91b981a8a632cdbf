namespace GpuOptim.Distributed.Nccl;

/// <summary>NCCL's numbers for types and operations, of <c>nccl.h</c>.</summary>
internal static class NcclTypes
{
    /// <summary><c>ncclSum</c>.</summary>
    public const int Sum = 0;

    /// <summary><c>ncclDataType_t</c>; bfloat16 from NCCL 2.10 on.</summary>
    public static int Of(WireType type) => type switch
    {
        WireType.Byte => 1,
        WireType.Float16 => 6,
        WireType.Float32 => 7,
        WireType.Float64 => 8,
        _ => 9,
    };
}
