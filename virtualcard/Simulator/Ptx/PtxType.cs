namespace VirtualCard.Ptx;

/// <summary>A type of PTX: what an instruction makes of the bits of its operands.</summary>
public enum PtxType : byte
{
    Pred,
    B8,
    U8,
    S8,
    B16,
    U16,
    S16,
    F16,
    BF16,
    B32,
    U32,
    S32,
    F32,
    F16x2,
    BF16x2,
    TF32,
    U16x2,
    S16x2,
    B64,
    U64,
    S64,
    F64,
    B128,
}
