using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>How many instructions a warp issues in a kernel's main loop for a unit of work, on the path that ordinary numbers take.</summary>
/// <param name="Unit">The work: <c>element</c> of each thread, <c>HMMA</c>, <c>HGMMA</c> or <c>FFMA</c>.</param>
/// <param name="Instructions">Instructions for it.</param>
internal sealed record InstructionCount(string Unit, double Instructions)
{
    /// <summary>Reads it off a kernel's machine code; null if there is no disassembler, or no such loop.</summary>
    public static InstructionCount? Of(GpuKernel kernel, MachineCode code)
    {
        if (code.Loops is null)
            return null;
        if (kernel.Work is { } work)
        {
            // Numbers out of the ordinary take longer ways, with as many loads and stores.
            var ways = code.Loops.SelectMany(loop => loop.Ways).Where(way => (way.Loads, way.Stores) == (work.Loads, work.Stores)).ToArray();
            return ways.Length == 0 ? null : new("element", Math.Round((double)ways.Min(way => way.Instructions) / work.Elements, 2));
        }
        if (code.Loops.MinBy(loop => loop.Products == 0 ? double.MaxValue : (double)loop.Instructions / loop.Products) is { Products: > 0 } products)
            return new("HMMA", Math.Round((double)products.Instructions / products.Products, 2));
        if (code.Loops.MaxBy(loop => loop.WarpgroupProducts) is { WarpgroupProducts: > 0 } warpgroups)
            return new("HGMMA", Math.Round((double)warpgroups.Instructions / warpgroups.WarpgroupProducts, 2));
        if (code.Loops.MinBy(loop => loop.MultiplyAdds == 0 ? double.MaxValue : (double)loop.Instructions / loop.MultiplyAdds) is { MultiplyAdds: > 0 } sums)
            return new("FFMA", Math.Round((double)sums.Instructions / sums.MultiplyAdds, 2));
        return null;
    }
}
