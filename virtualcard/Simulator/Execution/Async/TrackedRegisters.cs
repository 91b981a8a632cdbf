using VirtualCard.Ptx;

namespace VirtualCard.Execution.Async;

/// <summary>The registers that products of warpgroups use: nothing else may touch them while a product is in flight.</summary>
internal sealed class TrackedRegisters
{
    private readonly Dictionary<Register, int> _numbers = [];

    private readonly List<string> _names = [];

    public TrackedRegisters(IEnumerable<BasicBlock> blocks)
    {
        foreach (var block in blocks)
        {
            if (block.Synchronization is not { Name: "wgmma", Modifiers: ["mma_async", ..] } product)
                continue;
            foreach (var register in product.Operands.Take(2).OfType<VectorOperand>().SelectMany(vector => vector.Items).OfType<Register>())
            {
                if (_numbers.TryAdd(register, _names.Count))
                    _names.Add(register.Name);
            }
        }
    }

    public int Count => _names.Count;

    public string NameOf(int number) => _names[number];

    public int NumberOf(Operand register) => _numbers[(Register)register];

    /// <summary>Those that an instruction reads or writes.</summary>
    public int[] UsedBy(Instruction instruction)
    {
        if (Count == 0 || instruction.Name == "wgmma")
            return [];
        List<Register> used = [];
        RegisterUse.Collect(instruction, used, used);
        return [.. used.Where(_numbers.ContainsKey).Select(register => _numbers[register]).Distinct().Order()];
    }
}
