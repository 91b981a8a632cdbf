namespace VirtualCard.Execution.Steps;

/// <summary>Lanes of registers whose width is known only when the kernel is compiled.</summary>
internal static unsafe class LaneBits
{
    public static ulong Read(byte* register, int lane, int size) => size switch
    {
        1 => register[lane],
        2 => ((ushort*)register)[lane],
        4 => ((uint*)register)[lane],
        _ => ((ulong*)register)[lane],
    };

    public static void Write(byte* register, int lane, int size, ulong bits)
    {
        switch (size)
        {
            case 1:
                register[lane] = (byte)bits;
                break;
            case 2:
                ((ushort*)register)[lane] = (ushort)bits;
                break;
            case 4:
                ((uint*)register)[lane] = (uint)bits;
                break;
            default:
                ((ulong*)register)[lane] = bits;
                break;
        }
    }

    /// <summary>Fills what lies above the low bytes with their sign, or zeros.</summary>
    public static ulong Extend(ulong bits, int size, bool isSigned)
    {
        var shift = 64 - 8 * size;
        return isSigned ? (ulong)((long)(bits << shift) >> shift) : bits << shift >> shift;
    }
}
