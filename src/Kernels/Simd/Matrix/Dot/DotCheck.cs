using System.Diagnostics;
using System.Runtime.InteropServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>Holds a loop to the tile of multiply-adds, to the last bit: a processor whose instruction sums otherwise must not be trusted.</summary>
internal static unsafe class DotCheck
{
    private const int Depth = 128, BlockLength = DotBlock.Rows * DotBlock.Columns, HalfLimit = DotMatrixOps.LeastExponents / 2;

    /// <summary>What tiles of multiply-adds compute, of which the first rows are the block.</summary>
    private static int ExpectedLength => MatrixTile16.Rows * DotBlock.Columns;

    /// <summary>Exponents that numbers have, of both matrices: common ones; the smallest that <see cref="DotMatrixOps"/> allows; up to what overflows.</summary>
    private static readonly (int Lowest, int Highest)[] _exponents = [(110, 130), (HalfLimit, HalfLimit + 1), (HalfLimit, 0xFF)];

    /// <summary>Whether sums of all kinds of numbers have the same bits; any NaN is as good as another.</summary>
    public static bool Passes<TLoop>() where TLoop : IDotLoop
    {
        const int PanelLength = Depth * DotBlock.Columns;
        PanelPrefetch nothing = default;
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)(4 * PanelLength + BlockLength + ExpectedLength) * sizeof(float), 64);
        try
        {
            float* left = memory, right = left + 2 * PanelLength, actual = right + 2 * PanelLength, expected = actual + BlockLength;
            var random = new Random(1);
            foreach (var exponents in _exponents)
            {
                foreach (var depth in (int[])[1, 2, 31, Depth])
                {
                    Pack<DotTile<TLoop>, MatrixTile16>(Numbers(depth, exponents, random), depth, left, left + PanelLength);
                    Pack<DotTile<TLoop>, MatrixTile16>(Numbers(depth, exponents, random), depth, right, right + PanelLength);
                    // The sums begin, go on, and are added.
                    for (var call = 0; call < 3; call++)
                    {
                        var (begins, add) = (call == 0, call == 2);
                        DotTile<TLoop>.Multiply(left, right, depth, begins ? null : actual, actual, DotBlock.Columns, add, DotBlock.Columns, ref nothing);
                        for (var column = 0; column < DotBlock.Columns; column += MatrixTile16.Columns)
                            MatrixTile16.Multiply(left + PanelLength, right + PanelLength + column * depth, depth, begins ? null : expected + column, expected + column, DotBlock.Columns, add, MatrixTile16.Columns, ref nothing);
                    }
                    for (var i = 0; i < BlockLength; i++)
                    {
                        if (BitConverter.SingleToInt32Bits(actual[i]) != BitConverter.SingleToInt32Bits(expected[i]) && !(float.IsNaN(actual[i]) && float.IsNaN(expected[i])))
                            return false;
                    }
                }
            }
            return true;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Whether a loop takes clearly less time than the tile of multiply-adds: the best of several heats, half a millisecond in all.</summary>
    public static bool IsFaster<TLoop>() where TLoop : IDotLoop
    {
        const int PanelLength = Depth * DotBlock.Columns, Heats = 6, Calls = 100;
        PanelPrefetch nothing = default;
        const double Margin = 1.1;
        var memory = (float*)NativeMemory.AlignedAlloc((2 * PanelLength + BlockLength) * sizeof(float), 64);
        try
        {
            new Span<float>(memory, 2 * PanelLength + BlockLength).Clear();
            float* left = memory, right = memory + PanelLength, sums = right + PanelLength;
            long dots = long.MaxValue, multiplyAdds = long.MaxValue;
            for (var heat = 0; heat < Heats; heat++)
            {
                var start = Stopwatch.GetTimestamp();
                for (var call = 0; call < Calls; call++)
                    DotTile<TLoop>.Multiply(left, right, Depth, null, sums, DotBlock.Columns, add: false, DotBlock.Columns, ref nothing);
                var middle = Stopwatch.GetTimestamp();
                for (var call = 0; call < Calls; call++)
                    MatrixTile16.Multiply(left, right, Depth, null, sums, MatrixTile16.Columns, add: false, MatrixTile16.Columns, ref nothing);
                (dots, multiplyAdds) = (Math.Min(dots, middle - start), Math.Min(multiplyAdds, Stopwatch.GetTimestamp() - middle));
            }
            return dots * Margin < multiplyAdds;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>The numbers of a panel, of either sign, and some of them zero.</summary>
    private static ushort[] Numbers(int depth, (int Lowest, int Highest) exponents, Random random)
    {
        var numbers = new ushort[depth * DotBlock.Columns];
        foreach (ref var number in numbers.AsSpan())
        {
            if (random.Next(16) != 0)
                number = (ushort)(random.Next(2) << 15 | random.Next(exponents.Lowest, exponents.Highest + 1) << 7 | random.Next(1 << 7));
        }
        return numbers;
    }

    private static void Pack<TTile, TOther>(ushort[] numbers, int depth, float* panel, float* other)
        where TTile : IMatrixTile
        where TOther : IMatrixTile
    {
        fixed (ushort* source = numbers)
        {
            Panels<TTile, Floats16, BFloat16Format>.Pack(source, 0, 1, DotBlock.Columns, DotBlock.Columns, depth, panel);
            Panels<TOther, Floats16, BFloat16Format>.Pack(source, 0, 1, DotBlock.Columns, DotBlock.Columns, depth, other);
        }
    }
}
