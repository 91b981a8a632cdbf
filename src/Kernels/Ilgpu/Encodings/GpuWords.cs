using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The bits of a thread's eight numbers, packed as they lie in memory.</summary>
/// <param name="lower">Those of the first four.</param>
/// <param name="upper">Those of the second four.</param>
internal unsafe struct GpuWords(UInt4 lower, UInt4 upper)
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public UInt4 Lower = lower;
    public UInt4 Upper = upper;

    /// <summary>Loads numbers of some bytes each; what is not there is zero.</summary>
    [MethodImpl(Inline)]
    public static GpuWords Load(int size, long start, GpuPlace place) =>
        new(LoadFour(size, start, place.Lower, place), LoadFour(size, start, place.Upper, place));

    /// <summary>Stores those that are there.</summary>
    [MethodImpl(Inline)]
    public readonly void Store(int size, long start, GpuPlace place)
    {
        StoreFour(Lower, size, start, place.Lower, place);
        StoreFour(Upper, size, start, place.Upper, place);
    }

    /// <summary>The bits of one of four.</summary>
    [MethodImpl(Inline)]
    public static uint Get(UInt4 four, int size, int index)
    {
        if (size == 4)
            return index == 0 ? four.X : index == 1 ? four.Y : index == 2 ? four.Z : four.W;
        if (size == 2)
            return index == 0 ? four.X & 0xFFFF : index == 1 ? four.X >> 16 : index == 2 ? four.Y & 0xFFFF : four.Y >> 16;
        return index == 3 ? four.X >> 24 : (four.X >> (8 * index)) & 0xFF;
    }

    /// <summary>Four, packed; of bytes, whatever is in the bits above.</summary>
    [MethodImpl(Inline)]
    public static UInt4 Pack(int size, uint x, uint y, uint z, uint w)
    {
        if (size == 4)
            return new(x, y, z, w);
        return size == 2 ? new(x | (y << 16), z | (w << 16), 0, 0) : new(Ptx.Permute(Ptx.Permute(x, y, 0x0040), Ptx.Permute(z, w, 0x0040), 0x5410), 0, 0, 0);
    }

    [MethodImpl(Inline)]
    private static UInt4 LoadFour(int size, long start, int i, GpuPlace place)
    {
        var first = Ptx.Place(start, i, size);
        if (place.IsWide == 0)
            return Pack(size, Load(size, first, i < place.End), Load(size, first + size, i + 1 < place.End), Load(size, first + 2 * size, i + 2 < place.End), Load(size, first + 3 * size, i + 3 < place.End));
        if (size == 4)
            return Ptx.LoadEight((ushort*)first);
        if (size == 1)
            return new(Ptx.LoadOne((uint*)first), 0, 0, 0);
        var two = Ptx.LoadFour((ushort*)first);
        return new(two.X, two.Y, 0, 0);
    }

    [MethodImpl(Inline)]
    private static uint Load(int size, long place, bool isThere)
    {
        if (!isThere)
            return 0;
        return size == 4 ? Ptx.LoadOne((uint*)place) : size == 2 ? Ptx.LoadOne((ushort*)place) : Ptx.LoadByte((byte*)place);
    }

    [MethodImpl(Inline)]
    private static void StoreFour(UInt4 four, int size, long start, int i, GpuPlace place)
    {
        var first = Ptx.Place(start, i, size);
        if (place.IsWide == 0)
        {
            Store(Get(four, size, 0), size, first, i < place.End);
            Store(Get(four, size, 1), size, first + size, i + 1 < place.End);
            Store(Get(four, size, 2), size, first + 2 * size, i + 2 < place.End);
            Store(Get(four, size, 3), size, first + 3 * size, i + 3 < place.End);
        }
        else if (size == 4)
        {
            Ptx.StoreEight((ushort*)first, four);
        }
        else if (size == 1)
        {
            Ptx.StoreOne((uint*)first, four.X);
        }
        else
        {
            Ptx.StoreFour((ushort*)first, new(four.X, four.Y));
        }
    }

    [MethodImpl(Inline)]
    private static void Store(uint bits, int size, long place, bool isThere)
    {
        if (!isThere)
            return;
        if (size == 4)
            Ptx.StoreOne((uint*)place, bits);
        else if (size == 2)
            Ptx.StoreOne((ushort*)place, (ushort)bits);
        else
            Ptx.StoreByte((byte*)place, (ushort)bits);
    }
}
