namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>The sums of a thread: 4 x 4 elements of the result, row by row.</summary>
internal struct ThreadTile
{
    public GpuFloats4 Row0, Row1, Row2, Row3;

    /// <summary>Adds the products of one inner index.</summary>
    public readonly ThreadTile MultiplyAdd(Float4 left, Float4 right)
    {
        var columns = new GpuFloats4(right);
        return new()
        {
            Row0 = GpuFloats4.FusedMultiplyAdd(GpuFloats4.Create(left.X), columns, Row0),
            Row1 = GpuFloats4.FusedMultiplyAdd(GpuFloats4.Create(left.Y), columns, Row1),
            Row2 = GpuFloats4.FusedMultiplyAdd(GpuFloats4.Create(left.Z), columns, Row2),
            Row3 = GpuFloats4.FusedMultiplyAdd(GpuFloats4.Create(left.W), columns, Row3),
        };
    }

    public readonly ThreadTile Add(ThreadTile other) => new()
    {
        Row0 = GpuFloats4.Add(Row0, other.Row0),
        Row1 = GpuFloats4.Add(Row1, other.Row1),
        Row2 = GpuFloats4.Add(Row2, other.Row2),
        Row3 = GpuFloats4.Add(Row3, other.Row3),
    };
}
