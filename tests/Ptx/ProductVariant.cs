using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>A kernel for products.</summary>
/// <param name="Name">What its name holds.</param>
/// <param name="Group">Its threads.</param>
/// <param name="TileRows">Rows and columns of the tiles that groups are counted by.</param>
/// <param name="TileDepth">Inner indices to which matrices are padded; 0 for those that are not.</param>
/// <param name="SharedBytes">Dynamic shared memory.</param>
/// <param name="Type">The type of matrices, of one on tensor cores.</param>
/// <param name="GroupsATile">Groups for each tile.</param>
public sealed record ProductVariant(string Name, Dim3 Group, int TileRows, int TileDepth = 0, int SharedBytes = 0, ElementType Type = ElementType.BFloat16, int GroupsATile = 1)
{
    /// <summary>Those on tensor cores.</summary>
    public static readonly ProductVariant[] OnTensorCores =
    [
        new("TensorCore", TensorProduct.GroupSize, TensorProduct.TileRows, TensorProduct.TileDepth, TensorProduct.SharedBytes),
        new("TensorCoreFloat16", TensorProduct.GroupSize, TensorProduct.TileRows, TensorProduct.TileDepth, TensorProduct.SharedBytes, ElementType.Float16),
        new("Warpgroup", WarpgroupProduct.GroupSize, WarpgroupProduct.TileColumns, WarpgroupProduct.TileDepth, WarpgroupProduct.SharedBytes, GroupsATile: 2),
    ];

    /// <summary>By <c>mma.sync</c>.</summary>
    public static ProductVariant[] TensorCores => OnTensorCores[..2];

    /// <summary>By <c>wgmma</c>.</summary>
    public static ProductVariant Warpgroup => OnTensorCores[2];

    /// <summary>The plain one of a type.</summary>
    public static ProductVariant Tiled(ElementType type) => new($"{type}", new(16, 16), TileRows: 64);

    /// <summary>How many groups there are of so many products.</summary>
    public int Groups(int count, int rows, int columns, bool isSymmetric)
    {
        int down = (rows + TileRows - 1) / TileRows, across = (columns + TileRows - 1) / TileRows;
        return count * (isSymmetric ? down * (down + 1) / 2 : down * across) * GroupsATile;
    }

    public override string ToString() => Name;
}
