using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>A thread's eight numbers, encoded and not.</summary>
internal static class GpuNumbers
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Writes an encoding's table, if it has one, by the first threads of the group. A barrier must follow.</summary>
    [MethodImpl(Inline)]
    public static void WriteTable<TEncoding>(ArrayView<UInt4> memory) where TEncoding : IGpuEncoding
    {
        if (TEncoding.HasTable && Group.IdxX < GpuTables.Length)
            memory[Group.IdxX + (TEncoding.IsSigned ? 0 : GpuTables.Length)] = TEncoding.TableEntry(Group.IdxX);
    }

    /// <summary>The floats.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <param name="companions">What is kept besides.</param>
    /// <param name="scale">The bits of the block's scale.</param>
    /// <param name="tables">The tables, if there are some.</param>
    [MethodImpl(Inline)]
    public static GpuFloats8 Decode<TEncoding>(GpuWords numbers, GpuWords companions, uint scale, GpuTables tables = default) where TEncoding : IGpuEncoding =>
        new(DecodeFour<TEncoding>(numbers.Lower, companions.Lower, scale, tables), DecodeFour<TEncoding>(numbers.Upper, companions.Upper, scale, tables));

    /// <summary>The numbers.</summary>
    /// <param name="values">The floats.</param>
    /// <param name="factor">The bits of what they are multiplied by.</param>
    /// <param name="random">Their random bits.</param>
    /// <param name="companions">Takes what is kept besides.</param>
    /// <param name="tables">The tables, if there are some.</param>
    [MethodImpl(Inline)]
    public static GpuWords Encode<TEncoding>(GpuFloats8 values, uint factor, GpuRandom random, out GpuWords companions, GpuTables tables = default) where TEncoding : IGpuEncoding
    {
        var lower = EncodeFour<TEncoding>(values.Lower.ToFloat4(), factor, random.Lower, out var lowerCompanions, tables);
        var upper = EncodeFour<TEncoding>(values.Upper.ToFloat4(), factor, random.Upper, out var upperCompanions, tables);
        companions = new(lowerCompanions, upperCompanions);
        return new(lower, upper);
    }

    /// <summary>The bits of the largest magnitude of those that are there.</summary>
    [MethodImpl(Inline)]
    public static uint Largest(GpuFloats8 values, GpuPlace place) =>
        IntrinsicMath.Max(Largest(values.Lower.ToFloat4(), place.Lower, place), Largest(values.Upper.ToFloat4(), place.Upper, place));

    [MethodImpl(Inline)]
    private static uint Largest(Float4 four, int first, GpuPlace place)
    {
        var count = place.End - first;
        if (place.IsWide != 0)
            return IntrinsicMath.Max(IntrinsicMath.Max(Magnitude(four.X), Magnitude(four.Y)), IntrinsicMath.Max(Magnitude(four.Z), Magnitude(four.W)));
        var x = Utilities.Select(count > 0, Magnitude(four.X), 0u);
        var y = Utilities.Select(count > 1, Magnitude(four.Y), 0u);
        var z = Utilities.Select(count > 2, Magnitude(four.Z), 0u);
        var w = Utilities.Select(count > 3, Magnitude(four.W), 0u);
        return IntrinsicMath.Max(IntrinsicMath.Max(x, y), IntrinsicMath.Max(z, w));
    }

    [MethodImpl(Inline)]
    private static uint Magnitude(float value) => Interop.FloatAsInt(value) & Blocks.Magnitude;

    [MethodImpl(Inline)]
    private static GpuFloats4 DecodeFour<TEncoding>(UInt4 numbers, UInt4 companions, uint scale, GpuTables tables) where TEncoding : IGpuEncoding => new(
        DecodeOne<TEncoding>(numbers, companions, scale, 0, tables),
        DecodeOne<TEncoding>(numbers, companions, scale, 1, tables),
        DecodeOne<TEncoding>(numbers, companions, scale, 2, tables),
        DecodeOne<TEncoding>(numbers, companions, scale, 3, tables));

    [MethodImpl(Inline)]
    private static GpuFloats1 DecodeOne<TEncoding>(UInt4 numbers, UInt4 companions, uint scale, int index, GpuTables tables) where TEncoding : IGpuEncoding
    {
        if (TEncoding.HasTable && tables.AreThere != 0)
            return new(TEncoding.DecodeByTable(numbers.X, index, scale, tables.At(TEncoding.IsSigned)));
        return new(TEncoding.Decode(GpuWords.Get(numbers, TEncoding.NumberSize, index), TEncoding.HasBlocks ? scale : GpuWords.Get(companions, TEncoding.CompanionSize, index)));
    }

    [MethodImpl(Inline)]
    private static UInt4 EncodeFour<TEncoding>(Float4 values, uint factor, UInt2 random, out UInt4 companions, GpuTables tables) where TEncoding : IGpuEncoding
    {
        var x = EncodeOne<TEncoding>(values.X, factor, GpuRandom.Get(random, 0), tables);
        var y = EncodeOne<TEncoding>(values.Y, factor, GpuRandom.Get(random, 1), tables);
        var z = EncodeOne<TEncoding>(values.Z, factor, GpuRandom.Get(random, 2), tables);
        var w = EncodeOne<TEncoding>(values.W, factor, GpuRandom.Get(random, 3), tables);
        companions = GpuWords.Pack(TEncoding.CompanionSize, x.Y, y.Y, z.Y, w.Y);
        return GpuWords.Pack(TEncoding.NumberSize, x.X, y.X, z.X, w.X);
    }

    [MethodImpl(Inline)]
    private static UInt2 EncodeOne<TEncoding>(float value, uint factor, uint random, GpuTables tables) where TEncoding : IGpuEncoding
    {
        if (TEncoding.HasTable && tables.AreThere != 0)
            return new(TEncoding.EncodeByTable(value, factor, random, tables.At(TEncoding.IsSigned)), 0);
        return TEncoding.Encode(value, factor, random);
    }
}
