using System.Numerics;
using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <content>What faults and deadlocks say.</content>
internal sealed partial class BlockRunner
{
    private SimulationException Locate(StepFault fault, Warp warp)
    {
        var block = Program.Blocks[warp.BlockIndex];
        var instruction = warp.StepIndex < 0 ? block.Source.Synchronization
            : warp.StepIndex < block.Instructions.Length ? block.Instructions[warp.StepIndex]
            : block.Source.Branch;
        return Locate(fault, warp, instruction);
    }

    private SimulationException Locate(StepFault fault, Warp warp, Instruction? instruction)
    {
        var thread = warp.Index * Lanes.Count + fault.Lane;
        var place = new Dim3(thread % Block.X, thread / Block.X % Block.Y, thread / (Block.X * Block.Y));
        return new(fault.Kind, $"{fault.Message}\n  kernel {Program.Name}, PTX line {instruction?.Line}: {instruction?.Text}\n  thread {place} of block {Position}");
    }

    private string Deadlock()
    {
        List<string> lines = [$"deadlock in kernel {Program.Name}:"];
        void Add(string what, int block, Warp warp, uint threads, string more = "")
        {
            var instruction = Program.Blocks[block].Source.Synchronization!;
            var first = warp.Index * Lanes.Count + BitOperations.TrailingZeroCount(threads);
            lines.Add($"  {BitOperations.PopCount(threads)} threads wait {what} at line {instruction.Line}: {instruction.Text} (first: thread {first} of block {Position}{more})");
        }

        foreach (var warp in _warps)
        {
            foreach (var wait in warp.Waits)
                Add($"at barrier {wait.Number}", wait.Block, warp, wait.Threads);
            foreach (var (block, threads) in warp.Sleeping)
                Add("for an mbarrier", block, warp, threads, "; " + Program.Blocks[block].Poll!.Describe(warp, threads));
            foreach (var (block, threads) in warp.Parked)
                Add("for missing lanes", block, warp, threads);
            if (warp.WarpgroupBlock >= 0)
                Add("for the other warps of their warpgroup", warp.WarpgroupBlock, warp, Lanes.All);
        }
        return string.Join('\n', lines);
    }
}
