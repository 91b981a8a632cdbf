namespace VirtualCard.Ptx;

/// <summary>The text of a kernel with the functions it calls in the places of the calls.</summary>
internal sealed class Inliner
{
    private readonly Module _module;

    private readonly List<Variable> _variables = [];

    private readonly HashSet<Variable> _known = [];

    private readonly List<Function> _stack = [];

    public Inliner(Module module, Function entry)
    {
        _module = module;
        Add(entry, [], null);
    }

    /// <summary><see cref="Instruction"/>s and <see cref="Label"/>s.</summary>
    public List<object> Items { get; } = [];

    /// <summary>The variables of all functions in use.</summary>
    public IReadOnlyList<Variable> Variables => _variables;

    /// <param name="meanings">What the function's registers, parameters and labels are in the kernel.</param>
    /// <param name="end">Where ret goes; null in the kernel itself.</param>
    private void Add(Function function, Dictionary<Operand, Operand> meanings, Label? end)
    {
        if (_stack.Contains(function))
            throw new PtxException($"recursive call of {function.Name} is not supported");
        _stack.Add(function);
        foreach (var variable in function.Variables)
        {
            if (_known.Add(variable))
                _variables.Add(variable);
        }
        foreach (var item in function.Body ?? throw new PtxException($"{function.Name} has no body"))
        {
            var mapped = end is null ? item
                : item is Label label ? Map(label, meanings)
                : Map((Instruction)item, meanings, end);
            if (mapped is Instruction { Name: "call" } call)
                AddCall(call);
            else
                Items.Add(mapped);
        }
        if (end is not null)
            Items.Add(end);
        _stack.RemoveAt(_stack.Count - 1);
    }

    private static Instruction Map(Instruction instruction, Dictionary<Operand, Operand> meanings, Label end)
    {
        var guard = instruction.Guard is { } register ? (Register)Map(register, meanings) : null;
        return instruction.Name == "ret"
            ? new("bra", [], [end], guard, instruction.IsGuardNegated, instruction.Line, instruction.Text)
            : new(instruction.Name, instruction.Modifiers, Map(instruction.Operands, meanings), guard, instruction.IsGuardNegated, instruction.Line, instruction.Text);
    }

    private static Operand[] Map(Operand[] operands, Dictionary<Operand, Operand> meanings) => Array.ConvertAll(operands, operand => Map(operand, meanings));

    private static Operand Map(Operand operand, Dictionary<Operand, Operand> meanings)
    {
        switch (operand)
        {
            case Register register:
                if (!meanings.TryGetValue(register, out var meaning))
                    meanings[register] = meaning = new Register(register.Name, register.Type);
                return meaning;
            case Label label:
                return Map(label, meanings);
            case Memory memory:
                return new Memory(memory.Base is { } @base ? MapBase(@base, meanings) : null, memory.Offset, Map(memory.Coordinates, meanings));
            case Address address:
                return new Address((Variable)MapBase(address.Variable, meanings), address.Offset);
            case VectorOperand vector:
                return new VectorOperand(Map(vector.Items, meanings));
            case OperandGroup group:
                return new OperandGroup(Map(group.Items, meanings));
            case Negated negated:
                return new Negated(Map(negated.Predicate, meanings));
            case DestinationPair pair:
                return new DestinationPair(Map(pair.First, meanings), Map(pair.Second, meanings));
            default:
                return operand;
        }
    }

    private static Operand MapBase(Operand @base, Dictionary<Operand, Operand> meanings) =>
        @base is Register ? Map(@base, meanings) : meanings.GetValueOrDefault(@base, @base);

    private static Label Map(Label label, Dictionary<Operand, Operand> meanings)
    {
        if (meanings.TryGetValue(label, out var meaning))
            return (Label)meaning;
        var copy = new Label(label.Name);
        meanings[label] = copy;
        if (label.Targets is { } targets)
            copy.Targets = Array.ConvertAll(targets, target => Map(target, meanings));
        return copy;
    }

    private void AddCall(Instruction call)
    {
        var (name, arguments, results) = Split(call);
        if (!_module.Functions.TryGetValue(name, out var function))
            throw new PtxException($"line {call.Line}: call of undeclared function {name}");
        if (function.Parameters.Length != arguments.Length || function.Results.Length != results.Length)
            throw new PtxException($"line {call.Line}: wrong number of arguments for {name}");
        Label? skip = null;
        if (call.Guard is { } guard)
        {
            skip = new("skip_call");
            Items.Add(new Instruction("bra", [], [skip], guard, !call.IsGuardNegated, call.Line, call.Text));
        }
        Items.Add(new Instruction("call", call.Modifiers, [new NameOperand(name)], null, false, call.Line, call.Text));
        Dictionary<Operand, Operand> meanings = [];
        List<object> after = [];
        for (var i = 0; i < arguments.Length; i++)
            Bind(call, name, function.Parameters[i], arguments[i], meanings, Items, isResult: false);
        for (var i = 0; i < results.Length; i++)
            Bind(call, name, function.Results[i], results[i], meanings, after, isResult: true);
        if (function.Body is not null)
            Add(function, meanings, new("ret_" + name));
        else
        {
            Items.Add(new Instruction("callextern", [],
                [
                    new NameOperand(name),
                    new VectorOperand(Array.ConvertAll(function.Results, formal => meanings[formal])),
                    new VectorOperand(Array.ConvertAll(function.Parameters, formal => meanings[formal])),
                ], null, false, call.Line, call.Text));
        }
        Items.AddRange(after);
        if (skip is not null)
            Items.Add(skip);
    }

    private static (string Name, Operand[] Arguments, Operand[] Results) Split(Instruction call)
    {
        var operands = call.Operands.AsSpan();
        Operand[] results = [];
        if (operands is [OperandGroup group, ..])
        {
            results = group.Items;
            operands = operands[1..];
        }
        if (operands is not [NameOperand name, ..])
            throw new PtxException($"line {call.Line}: indirect call: {call.Text}");
        return (name.Name, operands.Length > 1 && operands[1] is OperandGroup arguments ? arguments.Items : [], results);
    }

    /// <summary>Gives a parameter or a result of a call its meaning, and copies the value if it is not a variable of the caller.</summary>
    private void Bind(Instruction call, string name, Operand formal, Operand actual, Dictionary<Operand, Operand> meanings, List<object> code, bool isResult)
    {
        if (formal is Variable parameter && actual is Address argument)
        {
            if (parameter.Size != argument.Variable.Size)
                throw new PtxException($"line {call.Line}: argument size mismatch for {parameter} of {name}");
            meanings[formal] = argument.Variable;
        }
        else if (formal is Variable declared)
        {
            var variable = new Variable(declared.Name, StateSpace.Param, declared.Type, declared.Align, declared.Count, call.Line);
            _variables.Add(variable);
            meanings[formal] = variable;
            var memory = new Memory(variable, 0);
            code.Add(new Instruction(isResult ? "ld" : "st", ["param", declared.Type.Name()], isResult ? [actual, memory] : [memory, actual], null, false, call.Line, call.Text));
        }
        else
        {
            var source = (Register)formal;
            var register = new Register(source.Name, source.Type);
            meanings[formal] = register;
            code.Add(new Instruction("mov", [register.Type.Name()], isResult ? [actual, register] : [register, actual], null, false, call.Line, call.Text));
        }
    }
}
