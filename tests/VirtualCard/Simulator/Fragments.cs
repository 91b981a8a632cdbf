namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Which elements of a matrix a lane holds for mma.m16n8, as the PTX ISA's formulas say.</summary>
internal static class Fragments
{
    /// <summary>The elements of A, of 16 bits, two to a register.</summary>
    public static IEnumerable<(int Row, int Column)> A(int lane, int depth) =>
        Enumerable.Range(0, depth / 2).Select(i => (lane / 4 + (i is < 2 or 4 or 5 ? 0 : 8), lane % 4 * 2 + i % 2 + (i >= 4 ? 8 : 0)));

    public static IEnumerable<(int Row, int Column)> B(int lane, int depth) =>
        Enumerable.Range(0, depth / 4).Select(i => (lane % 4 * 2 + i % 2 + (i >= 2 ? 8 : 0), lane / 4));

    /// <summary>The elements of A, of 32 bits, one to a register.</summary>
    public static IEnumerable<(int Row, int Column)> WideA(int lane, int depth) =>
        Enumerable.Range(0, depth / 2).Select(i => (lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4));

    public static IEnumerable<(int Row, int Column)> WideB(int lane, int depth) =>
        Enumerable.Range(0, depth / 4).Select(i => (lane % 4 + i * 4, lane / 4));

    /// <summary>The elements of C and D.</summary>
    public static IEnumerable<(int Row, int Column)> C(int lane) =>
        Enumerable.Range(0, 4).Select(i => (lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2));

    /// <summary>Registers of two halves each.</summary>
    public static uint[] Pack(IEnumerable<ushort> halves) => [.. halves.Chunk(2).Select(pair => pair[0] | (uint)pair[1] << 16)];
}
