namespace VirtualCard.Ptx;

/// <summary>Which registers hold a value that is still read, at each end of a block.</summary>
internal sealed class Liveness
{
    private readonly Dictionary<Register, int> _numbers = [];

    private readonly List<Register> _registers = [];

    private readonly BasicBlock[] _blocks;

    // By block, and in it in order: the synchronization, the instructions, the branch.
    private readonly Use[][] _uses;

    private readonly ulong[][] _liveOut;

    public Liveness(BasicBlock[] blocks)
    {
        _blocks = blocks;
        List<Register> written = [], read = [];
        _uses = Array.ConvertAll(blocks, block => InstructionsOf(block).Select(instruction =>
        {
            written.Clear();
            read.Clear();
            RegisterUse.Collect(instruction, written, read);
            return new Use(instruction, NumbersOf(written), NumbersOf(read));
        }).ToArray());
        _liveOut = FindLiveOut();
    }

    private sealed record Use(Instruction Instruction, int[] Written, int[] Read);

    public static IEnumerable<Instruction> InstructionsOf(BasicBlock block)
    {
        if (block.Synchronization is { } synchronization)
            yield return synchronization;
        foreach (var instruction in block.Instructions)
            yield return instruction;
        if (block.Branch is { } branch)
            yield return branch;
    }

    /// <summary>Whether a register's value is read behind a block.</summary>
    public bool IsLiveBehind(BasicBlock block, Register register) =>
        _numbers.TryGetValue(register, out var number) && Has(_liveOut[block.Index], number);

    /// <summary>Registers that are read and written nowhere: certainly a mistake.</summary>
    public IEnumerable<(Register Register, Instruction Instruction)> NeverWritten()
    {
        var written = new ulong[Words];
        foreach (var use in _uses.SelectMany(uses => uses))
            Set(written, use.Written);
        foreach (var use in _uses.SelectMany(uses => uses))
        {
            foreach (var number in use.Read)
            {
                if (Has(written, number))
                    continue;
                Set(written, number); // named once
                yield return (_registers[number], use.Instruction);
            }
        }
    }

    /// <summary>The most 32-bit registers that are alive at once; predicates have their own.</summary>
    public int Pressure()
    {
        var sizes = _registers.ConvertAll(register => register.Type == PtxType.Pred ? 0 : (register.Type.Size() + 3) / 4);
        var most = 0;
        for (var i = 0; i < _blocks.Length; i++)
        {
            ulong[] live = [.. _liveOut[i]];
            var count = 0;
            for (var number = 0; number < _registers.Count; number++)
                count += Has(live, number) ? sizes[number] : 0;
            most = Math.Max(most, count);
            foreach (var use in _uses[i].Reverse())
            {
                if (use.Instruction.Guard is null)
                {
                    foreach (var number in use.Written)
                    {
                        count -= Has(live, number) ? sizes[number] : 0;
                        Clear(live, number);
                    }
                }
                foreach (var number in use.Read)
                {
                    count += Has(live, number) ? 0 : sizes[number];
                    Set(live, number);
                }
                most = Math.Max(most, count);
            }
        }
        return most;
    }

    private int Words => (_registers.Count + 63) / 64;

    private int[] NumbersOf(List<Register> registers)
    {
        var numbers = new int[registers.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!_numbers.TryGetValue(registers[i], out numbers[i]))
            {
                _numbers[registers[i]] = numbers[i] = _registers.Count;
                _registers.Add(registers[i]);
            }
        }
        return numbers;
    }

    private ulong[][] FindLiveOut()
    {
        var read = Array.ConvertAll(_blocks, _ => new ulong[Words]);
        var written = Array.ConvertAll(_blocks, _ => new ulong[Words]);
        for (var i = 0; i < _blocks.Length; i++)
        {
            foreach (var use in _uses[i])
            {
                foreach (var number in use.Read)
                {
                    if (!Has(written[i], number))
                        Set(read[i], number);
                }
                if (use.Instruction.Guard is null)
                    Set(written[i], use.Written);
            }
        }
        var liveOut = Array.ConvertAll(_blocks, _ => new ulong[Words]);
        for (var changed = true; changed;)
        {
            changed = false;
            for (var i = _blocks.Length - 1; i >= 0; i--)
            {
                // What lives into a successor: what it reads, and what lives behind it and it does not write.
                foreach (var successor in _blocks[i].Successors)
                {
                    var next = successor.Index;
                    for (var word = 0; word < Words; word++)
                    {
                        var live = liveOut[i][word] | read[next][word] | liveOut[next][word] & ~written[next][word];
                        changed |= live != liveOut[i][word];
                        liveOut[i][word] = live;
                    }
                }
            }
        }
        return liveOut;
    }

    private static bool Has(ulong[] set, int number) => (set[number >> 6] >> (number & 63) & 1) != 0;

    private static void Set(ulong[] set, int number) => set[number >> 6] |= 1ul << (number & 63);

    private static void Set(ulong[] set, int[] numbers)
    {
        foreach (var number in numbers)
            Set(set, number);
    }

    private static void Clear(ulong[] set, int number) => set[number >> 6] &= ~(1ul << (number & 63));
}
