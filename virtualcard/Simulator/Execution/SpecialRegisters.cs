namespace VirtualCard.Execution;

/// <summary>%tid and its like.</summary>
internal static unsafe class SpecialRegisters
{
    /// <summary>Registers that count time; each read gives another value.</summary>
    public static bool IsClock(string name) => name is "clock" or "clock_hi" or "clock64" or "globaltimer" or "globaltimer_lo" or "globaltimer_hi";

    public static void Write(Warp warp, string name, char dimension, byte* register, int size)
    {
        for (var lane = 0; lane < Lanes.Count; lane++)
        {
            var value = Value(warp, name, dimension, lane);
            switch (size)
            {
                case 2:
                    ((ushort*)register)[lane] = (ushort)value;
                    break;
                case 4:
                    ((uint*)register)[lane] = (uint)value;
                    break;
                default:
                    ((ulong*)register)[lane] = value;
                    break;
            }
        }
    }

    private static ulong Value(Warp warp, string name, char dimension, int lane)
    {
        var runner = warp.Runner;
        var (grid, block) = (runner.Grid, runner.Block);
        var thread = warp.Index * Lanes.Count + lane;
        return name switch
        {
            "tid" => (ulong)(dimension switch
            {
                'x' => thread % block.X,
                'y' => thread / block.X % block.Y,
                _ => thread / (block.X * block.Y),
            }),
            "ntid" => (ulong)Of(block, dimension),
            "ctaid" or "clusterid" => (ulong)Of(runner.Position, dimension),
            "nctaid" or "nclusterid" => (ulong)Of(grid, dimension),
            "laneid" => (ulong)lane,
            "warpid" => (ulong)warp.Index,
            "nwarpid" => (ulong)runner.WarpCount,
            "lanemask_eq" => 1u << lane,
            "lanemask_lt" => (1u << lane) - 1,
            "lanemask_le" => (2u << lane) - 1,
            "lanemask_gt" => ~((2u << lane) - 1),
            "lanemask_ge" => ~((1u << lane) - 1),
            "dynamic_smem_size" => (ulong)runner.DynamicSharedBytes,
            "total_smem_size" => (ulong)(runner.Program.Shared.StaticBytes + runner.DynamicSharedBytes),
            "nsmid" or "cluster_nctaid" or "cluster_nctarank" => 1,
            _ => 0,
        };
    }

    public static int Of(Dim3 extents, char dimension) => dimension switch
    {
        'x' => extents.X,
        'y' => extents.Y,
        _ => extents.Z,
    };
}
