namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>
/// An operand of wgmma in shared memory: M or N lines of 16 elements of 16 bits, laid out as the PTX ISA's canonical layouts say. An element of 32 bits
/// counts as two.
/// </summary>
/// <param name="Lines">Extent in M or N.</param>
/// <param name="IsTransposed">Whether neighbours in M or N lie together, not those in K.</param>
/// <param name="Width">Of the swizzle, in pieces of 16 bytes: 1, 2, 4 or 8.</param>
internal sealed record WgmmaOperand(int Lines, bool IsTransposed, int Width)
{
    private const int Many = 1 << 20;

    /// <summary>Leading and stride byte offset, where nothing lies between.</summary>
    private (int Leading, int Stride) Offsets
    {
        get
        {
            if (!IsTransposed)
                return Width == 1 ? (Lines * 16, 128) : (16, 128 * Width);
            var blocks = (Lines + 8 * Width - 1) / (8 * Width) * 128 * Width;
            return Width == 1 ? (blocks, 128) : (128 * Width, blocks);
        }
    }

    /// <summary>The matrix descriptor but for its start address.</summary>
    public ulong Descriptor(int baseOffset)
    {
        var mode = Width switch { 1 => 0ul, 8 => 1ul, 4 => 2ul, _ => 3ul };
        return (ulong)(Offsets.Leading >> 4) << 16 | (ulong)(Offsets.Stride >> 4) << 32 | (ulong)(Width == 1 ? 0 : baseOffset) << 49 | mode << 62;
    }

    /// <summary>Puts the elements where they belong; a swizzle exchanges bits of the address behind the start.</summary>
    public void Place(ushort[] image, Func<int, int, ushort> element, int start)
    {
        for (var line = 0; line < Lines; line++)
        {
            for (var k = 0; k < 16; k++)
            {
                var offset = 2 * Offset(line, k);
                image[(start + (offset ^ (offset >> 7 & Width - 1) << 4)) / 2] = element(line, k);
            }
        }
    }

    /// <summary>In elements: shapes and strides of M or N, and of K, as CuTe would write them.</summary>
    private int Offset(int line, int k)
    {
        int leading = Offsets.Leading / 2, stride = Offsets.Stride / 2;
        if (!IsTransposed)
            return Walk(line, [8, Many], [8 * Width, stride]) + Walk(k, [8, 2], [1, Width == 1 ? leading : 8]);
        return Width == 1
            ? Walk(line, [8, 1, Many], [1, 8, stride]) + Walk(k, [8, Many], [8, leading])
            : Walk(line, [8, Width, Many], [1, 8, leading]) + Walk(k, [8, Many], [8 * Width, stride]);
    }

    private static int Walk(int index, ReadOnlySpan<int> shape, ReadOnlySpan<int> strides)
    {
        var offset = 0;
        for (var i = 0; i < shape.Length; i++)
        {
            offset += index % shape[i] * strides[i];
            index /= shape[i];
        }
        return offset;
    }
}
