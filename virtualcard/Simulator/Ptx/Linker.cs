using System.Globalization;

namespace VirtualCard.Ptx;

/// <summary>Makes a kernel of its text: calls inlined, blocks in order, multiply-adds fused.</summary>
internal static class Linker
{
    public static LinkedKernel Link(Module module, string kernel, bool contracts)
    {
        if (!module.Functions.TryGetValue(kernel, out var entry) || !entry.IsEntry)
            throw new PtxException($"no kernel '{kernel}'; the module has {string.Join(", ", module.Kernels)}");
        var inliner = new Inliner(module, entry);
        var blocks = BlockOrder.Order(BlockBuilder.Build(inliner.Items));
        var contracted = contracts ? Contraction.Contract(blocks) : 0;
        var liveness = new Liveness(blocks);
        return new()
        {
            Entry = entry,
            Blocks = blocks,
            Variables = inliner.Variables,
            Contracted = contracted,
            RegisterPressure = liveness.Pressure(),
            Warnings = [.. liveness.NeverWritten().Select(read => string.Create(
                CultureInfo.InvariantCulture, $"register {read.Register} is read but never written (line {read.Instruction.Line}: {read.Instruction.Text})"))],
        };
    }
}
