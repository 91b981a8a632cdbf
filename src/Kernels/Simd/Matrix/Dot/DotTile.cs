namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>
/// Eight rows by two vectors on the bfloat16 dot instruction: 16 sums, as many as its latency asks for, and 10 loads for 32 multiply-adds. What is
/// subnormal becomes zero: <see cref="DotMatrixOps"/> asks for it only where nothing is.
/// </summary>
internal readonly unsafe struct DotTile<TLoop> : IMatrixTile where TLoop : IDotLoop
{
    public static int Rows => DotBlock.Rows;

    public static int Columns => DotBlock.Columns;

    public static bool TakesPairs => true;

    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, int columns, ref PanelPrefetch ahead)
    {
        var block = new DotBlock
        {
            Left = left,
            Right = right,
            Pairs = (depth + 1) / 2,
            Start = start,
            Result = result,
            StrideBytes = stride * sizeof(float),
            Add = add ? 1 : 0,
        };
        // Machine code asks for nothing.
        for (nint k = 0; k < depth; k += PanelPrefetch.Interval)
            ahead.Advance();
        TLoop.Run(&block);
    }
}
