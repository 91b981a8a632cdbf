namespace VirtualCard.Ptx;

/// <summary>Cuts code into basic blocks. What threads wait at starts a block; if it has a guard, a branch around it takes the guard's place.</summary>
internal sealed class BlockBuilder
{
    private readonly List<BasicBlock> _blocks = [];

    private readonly Dictionary<Label, BasicBlock> _byLabel = [];

    private BasicBlock _current = new() { Name = "entry" };

    private BlockBuilder() => _blocks.Add(_current);

    /// <summary>The blocks in the order of the text.</summary>
    public static List<BasicBlock> Build(List<object> items)
    {
        var builder = new BlockBuilder();
        foreach (var item in items)
        {
            if (item is Label label)
                builder.Add(label);
            else
                builder.AddUnguarded((Instruction)item);
        }
        builder.Connect();
        return builder._blocks;
    }

    private void Start(string name = "")
    {
        _current = new() { Name = name };
        _blocks.Add(_current);
    }

    private void Add(Label label)
    {
        if (label.Targets is not null)
            return;
        if (_current.Instructions.Count > 0 || _current.Synchronization is not null || _current.End != BlockEnd.Fall)
            Start();
        _byLabel[label] = _current;
        _current.Name = label.Name;
    }

    private void AddUnguarded(Instruction instruction)
    {
        if (instruction.Guard is not { } guard || !instruction.IsSync() && instruction.Name is not ("callextern" or "trap"))
        {
            Add(instruction);
            return;
        }
        var skip = new Label("skip");
        Add(new Instruction("bra", [], [skip], guard, !instruction.IsGuardNegated, instruction.Line, instruction.Text));
        Add(new Instruction(instruction.Name, instruction.Modifiers, instruction.Operands, null, false, instruction.Line, instruction.Text));
        Add(skip);
    }

    private void Add(Instruction instruction)
    {
        if (_current.End != BlockEnd.Fall)
            Start();
        switch (instruction.Name)
        {
            case "bra":
                Close(instruction.Guard is null ? BlockEnd.Jump : BlockEnd.Branch, instruction);
                break;
            case "brx":
                if (instruction.Guard is not null)
                    throw new PtxException($"line {instruction.Line}: guarded brx");
                Close(BlockEnd.Switch, instruction);
                break;
            case "ret" or "exit":
                Close(instruction.Guard is null ? BlockEnd.Exit : BlockEnd.GuardedExit, instruction);
                break;
            case var _ when instruction.IsSync():
                if (_current.Instructions.Count > 0 || _current.Synchronization is not null)
                    Start();
                _current.Synchronization = instruction;
                break;
            default:
                _current.Instructions.Add(instruction);
                break;
        }
    }

    private void Close(BlockEnd end, Instruction branch) => (_current.End, _current.Branch) = (end, branch);

    private void Connect()
    {
        if (_current.End is BlockEnd.Fall or BlockEnd.Branch or BlockEnd.GuardedExit)
        {
            Start("end");
            _current.End = BlockEnd.Exit;
        }
        for (var i = 0; i < _blocks.Count; i++)
        {
            var block = _blocks[i];
            switch (block.End)
            {
                case BlockEnd.Fall or BlockEnd.GuardedExit:
                    block.Successors.Add(_blocks[i + 1]);
                    break;
                case BlockEnd.Jump:
                    block.Successors.Add(Target(block.Branch!, block.Branch!.Operands[0]));
                    break;
                case BlockEnd.Branch:
                    block.Successors.Add(Target(block.Branch!, block.Branch!.Operands[0]));
                    block.Successors.Add(_blocks[i + 1]);
                    break;
                case BlockEnd.Switch:
                    if (block.Branch!.Operands is not [_, Label { Targets.Length: > 0 } table, ..])
                        throw new PtxException($"line {block.Branch.Line}: brx.idx without .branchtargets");
                    foreach (var target in table.Targets)
                        block.Successors.Add(Target(block.Branch, target));
                    break;
            }
        }
    }

    private BasicBlock Target(Instruction branch, Operand label) => label is Label known && _byLabel.TryGetValue(known, out var block)
        ? block
        : throw new PtxException($"line {branch.Line}: branch to unknown label {label}");
}
