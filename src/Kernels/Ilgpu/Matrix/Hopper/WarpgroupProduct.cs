using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Hopper;

/// <summary>How a product is cut for the warpgroups of an H100 or H200, and whether they make it.</summary>
internal static class WarpgroupProduct
{
    /// <summary>The environment variable that has warpgroups make products where they can, with 1.</summary>
    public const string Variable = "GPUOPTIM_WGMMA";

    /// <summary>Threads of a group: two warpgroups, one below the other.</summary>
    public const int GroupSize = 256;

    /// <summary>Rows of a tile of the result: 64 of each warpgroup.</summary>
    public const int TileRows = 128;

    /// <summary>Columns of a tile of the result, so that an operand's byte serves as many products as registers hold sums of.</summary>
    public const int TileColumns = 256;

    /// <summary>Inner indices of a tile of an operand: a line of 128 bytes.</summary>
    public const int TileDepth = 64;

    /// <summary>Tiles of each operand in shared memory: two are multiplied, as the one before is let go only once the next is on its way, and two arrive.</summary>
    public const int Stages = 4;

    /// <summary>Bytes of 128 rows of an operand in shared memory.</summary>
    public const int TileBytes = TileRows * TileDepth * 2;

    /// <summary>Bytes of a tile of each operand: 128 rows of the left one, 256 of the right.</summary>
    public const int StageBytes = 3 * TileBytes;

    /// <summary>Bytes of all stages.</summary>
    public const int StagesBytes = Stages * StageBytes;

    /// <summary>Where the pattern of <see cref="Swizzled{TLayout}"/> begins anew, and stages must.</summary>
    public const int Alignment = 1024;

    /// <summary>Bytes of shared memory.</summary>
    public const int SharedBytes = StagesBytes + Alignment;

    /// <summary>Whether warpgroups are to make products: not unless it is said, since no card has run them.</summary>
    /// <exception cref="ArgumentException">The environment variable is neither 0 nor 1.</exception>
    public static bool IsChosen => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "0" => false,
        "1" => true,
        var other => throw new ArgumentException($"{Variable} must be 0 or 1. Actual value was '{other}'."),
    };

    /// <summary>Whether cards have what it takes: those of compute capability 9.0, no earlier and no later ones.</summary>
    public static bool RunsOn(CudaArchitecture architecture) => architecture == CudaArchitecture.SM_90;
}
