using System.Runtime.Intrinsics;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Async;

/// <summary>
/// A matrix in shared memory that a descriptor of 64 bits names: start (bits 0 to 13), leading offset (16 to 29) and stride offset (32 to 45) in
/// units of 16 bytes, base offset (49 to 51), swizzle (62 and 63). Its 16-byte pieces lie, with the swizzle's width W and w = W / 16, at
/// <code>
/// K-major, row r of M or N, half h of K:      no swizzle  16 (r % 8) + stride (r / 8) + leading h
///                                             swizzle     W (r % 8) + stride (r / 8) + 16 h
/// MN-major, piece c of M or N, row k of K:    no swizzle  stride c + 16 (k % 8) + leading (k / 8)
///                                             swizzle     16 (c % w) + leading (c / w) + W (k % 8) + stride (k / 8)
/// </code>
/// and a swizzle flips bits 4 and up of the address with bits 7 and up, relative to the base offset.
/// </summary>
/// <param name="descriptor">The register of the descriptor.</param>
/// <param name="extent">Rows of A, columns of B.</param>
/// <param name="isTransposed">MN-major.</param>
internal sealed unsafe class SharedMatrix(int descriptor, string name, int extent, int depth, PtxType type, bool isTransposed, int site)
{
    private const int Granule = 16, RowsOfCore = 8;

    private const ulong Fields = 0x3FFF | 0x3FFFul << 16 | 0x3FFFul << 32 | 7ul << 49 | 3ul << 62;

    private const ulong Start = 0x3FFF;

    private readonly int _elements = Granule / type.Size();

    // Of the last descriptor; most differ in nothing but the start. Several threads may replace it.
    private volatile Layout? _layout;

    /// <summary>The offsets of its pieces from the start of shared memory, once all threads of a warpgroup agree on where it is.</summary>
    public uint[] Locate(Warp first)
    {
        var bits = *(ulong*)(first.Registers + descriptor);
        foreach (var warp in first.Runner.Warps.Slice(first.Index, ProductShape.Warps))
        {
            if (new ReadOnlySpan<ulong>(warp.Registers + descriptor, Lanes.Count).ContainsAnyExcept(bits))
                throw AsyncUnits.Hazard(first, first.Index * Lanes.Count, $"descriptor of {name} differs between threads of the warpgroup");
        }
        if ((bits & ~Fields) != 0)
            throw AsyncUnits.Hazard(first, first.Index * Lanes.Count, $"descriptor 0x{bits:x16} of {name} has reserved bits set");
        var layout = _layout;
        if (layout is null || layout.Bits != (bits & ~Start))
            _layout = layout = new(bits & ~Start, Offsets(bits));
        var start = (uint)(bits & Start) << 4;
        var @base = (uint)(bits >> 49 & 7);
        var granules = new uint[layout.Offsets.Length];
        uint lowest = uint.MaxValue, highest = 0;
        for (var i = 0; i < granules.Length; i++)
        {
            var address = (start + layout.Offsets[i]) & 0x3FFFF;
            address ^= (((address >> 7) - @base) & layout.Pattern) << 4;
            granules[i] = address - SharedLayout.Base;
            lowest = Math.Min(lowest, address);
            highest = Math.Max(highest, address);
        }
        // What lies between two addresses of an array lies in it.
        var region = first.Runner.SharedRegions.Find(lowest, (int)(highest - lowest) + Granule);
        if (region >= 0)
        {
            first.Runner.SharedRegions.Rely(region, Granule);
            return granules;
        }
        foreach (var granule in granules)
            first.Runner.ResolveShared(site, granule + SharedLayout.Base, Granule, Granule, 0, "wgmma operand " + name);
        return granules;
    }

    /// <summary>Writes the numbers where a sum looks for them: element (i, k) at i * <paramref name="outer"/> + k * <paramref name="inner"/>.</summary>
    /// <param name="orders">Whether, of each 8 of M or N, first the even ones come and then the odd ones.</param>
    public void Decode(byte* shared, uint[] granules, double* to, int outer, int inner, bool orders, bool isNegated)
    {
        var step = isTransposed ? outer : inner;
        for (var piece = 0; piece < granules.Length; piece++)
        {
            var decoded = Decode(shared + granules[piece]);
            if (isNegated)
                decoded = -decoded;
            if (isTransposed)
            {
                if (orders)
                    decoded = Vector256.Shuffle(decoded, Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));
                Put(decoded, to + piece / ProductShape.MaxDepth * _elements * outer + piece % ProductShape.MaxDepth * inner, step);
                continue;
            }
            var i = piece / 2;
            if (orders)
                i = (i & ~7) + (i & 1) * 4 + (i >> 1 & 3);
            Put(decoded, to + i * outer + piece % 2 * _elements * inner, step);
        }
    }

    private void Put(Vector256<float> values, double* to, int step)
    {
        if (step == 1)
        {
            Vector256.WidenLower(values).Store(to);
            if (_elements > 4)
                Vector256.WidenUpper(values).Store(to + 4);
            return;
        }
        for (var element = 0; element < _elements; element++)
            to[element * step] = values[element];
    }

    /// <summary>The numbers of a piece; where it has but four, the others are anything.</summary>
    private Vector256<float> Decode(byte* piece)
    {
        if (type == PtxType.TF32)
            return (Vector128.Load((uint*)piece).ToVector256() & Vector256.Create(0xFFFFE000u)).AsSingle();
        var bits = Vector256.WidenLower(Vector128.Load((ushort*)piece).ToVector256Unsafe());
        return type == PtxType.BF16 ? HalfVectors.FromBFloat16(bits) : HalfVectors.FromFloat16(bits);
    }

    /// <summary>Where the pieces lie from the start, before the swizzle.</summary>
    private uint[] Offsets(ulong bits)
    {
        var (leading, stride, width) = ((uint)(bits >> 16 & 0x3FFF) << 4, (uint)(bits >> 32 & 0x3FFF) << 4, Layout.WidthOf(bits));
        var offsets = new uint[extent * depth / _elements];
        for (var i = 0; i < offsets.Length; i++)
            offsets[i] = Offset((uint)i, leading, stride, width);
        return offsets;
    }

    private uint Offset(uint piece, uint leading, uint stride, uint width)
    {
        if (!isTransposed)
        {
            var (row, half) = (piece / 2, piece % 2);
            return row % RowsOfCore * (width == 0 ? Granule : width) + row / RowsOfCore * stride + half * (width == 0 ? leading : Granule);
        }
        var (c, k) = (piece / ProductShape.MaxDepth, piece % ProductShape.MaxDepth);
        if (width == 0)
            return c * stride + k % RowsOfCore * Granule + k / RowsOfCore * leading;
        var granules = width / Granule;
        return c % granules * Granule + c / granules * leading + k % RowsOfCore * width + k / RowsOfCore * stride;
    }

    /// <param name="Bits">The descriptor without its start.</param>
    private sealed record Layout(ulong Bits, uint[] Offsets)
    {
        /// <summary>What a swizzle takes of the bits from 7 on.</summary>
        public uint Pattern { get; } = WidthOf(Bits) is > 0 and var width ? width / Granule - 1 : 0;

        public static uint WidthOf(ulong bits) => (bits >> 62) switch
        {
            1 => 128,
            2 => 64,
            3 => 32,
            _ => 0,
        };
    }
}
