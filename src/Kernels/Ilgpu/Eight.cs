namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Eight 16-bit numbers in four words.</summary>
internal static unsafe class Eight
{
    /// <summary>The floats of eight bfloat16.</summary>
    public static GpuFloats8 ToFloats(UInt4 numbers) => new(GpuFloats4.FromBFloat16(new(numbers.X, numbers.Y)), GpuFloats4.FromBFloat16(new(numbers.Z, numbers.W)));

    /// <summary>The nearest bfloat16 of eight floats.</summary>
    public static UInt4 ToBFloat16(GpuFloats8 numbers)
    {
        Float4 lower = numbers.Lower.ToFloat4(), upper = numbers.Upper.ToFloat4();
        return new(Ptx.FloatsToBFloat16(lower.X, lower.Y), Ptx.FloatsToBFloat16(lower.Z, lower.W), Ptx.FloatsToBFloat16(upper.X, upper.Y), Ptx.FloatsToBFloat16(upper.Z, upper.W));
    }

    /// <summary>The first so many, and zeros.</summary>
    public static UInt4 First(UInt4 numbers, int length) => length >= 8
        ? numbers
        : new(FirstOfTwo(numbers.X, length), FirstOfTwo(numbers.Y, length - 2), FirstOfTwo(numbers.Z, length - 4), FirstOfTwo(numbers.W, length - 6));

    /// <summary>Of two numbers the first so many, and zeros.</summary>
    public static uint FirstOfTwo(uint two, int length) => length > 1 ? two : length > 0 ? two & 0xFFFF : 0;

    /// <summary>The first so many, one by one, and zeros.</summary>
    public static UInt4 Load(long source, int length) => new(LoadTwo(source, length), LoadTwo(source + 4, length - 2), LoadTwo(source + 8, length - 4), LoadTwo(source + 12, length - 6));

    /// <summary>Stores the first so many, one by one.</summary>
    public static void Store(UInt4 numbers, int length, long destination)
    {
        StoreTwo(numbers.X, length, destination);
        StoreTwo(numbers.Y, length - 2, destination + 4);
        StoreTwo(numbers.Z, length - 4, destination + 8);
        StoreTwo(numbers.W, length - 6, destination + 12);
    }

    private static uint LoadTwo(long source, int length)
    {
        uint lower = 0, upper = 0;
        if (length > 0)
            lower = Ptx.LoadOne((ushort*)source);
        if (length > 1)
            upper = Ptx.LoadOne((ushort*)(source + 2));
        return lower | (upper << 16);
    }

    private static void StoreTwo(uint two, int length, long destination)
    {
        if (length > 0)
            Ptx.StoreOne((ushort*)destination, (ushort)two);
        if (length > 1)
            Ptx.StoreOne((ushort*)(destination + 2), (ushort)(two >> 16));
    }
}
