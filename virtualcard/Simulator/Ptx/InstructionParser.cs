using System.Text;

namespace VirtualCard.Ptx;

/// <summary>Parses instructions. Names that the text declares further down are resolved at the end.</summary>
internal sealed class InstructionParser(TokenReader reader, Scope globals, Dictionary<string, Function> functions)
{
    private static readonly Sink _sink = new();

    private static readonly HashSet<string> _specialRegisters = new(StringComparer.Ordinal)
    {
        "tid", "ntid", "ctaid", "nctaid", "laneid", "warpid", "nwarpid", "smid", "nsmid", "gridid",
        "lanemask_eq", "lanemask_le", "lanemask_lt", "lanemask_ge", "lanemask_gt",
        "clock", "clock_hi", "clock64", "globaltimer", "globaltimer_lo", "globaltimer_hi",
        "dynamic_smem_size", "total_smem_size", "clusterid", "nclusterid", "cluster_ctaid",
        "cluster_nctaid", "cluster_ctarank", "cluster_nctarank", "is_explicit_cluster",
    };

    private readonly List<(Instruction Instruction, Scope Scope)> _unresolved = [];

    private readonly List<(Label Table, List<string> Names, Scope Scope)> _unresolvedTables = [];

    // Most instructions share a few opcodes.
    private readonly Dictionary<string, (string Name, string[] Modifiers)> _opcodes = new(StringComparer.Ordinal);

    private bool _hasName;

    public Instruction Parse(Scope scope)
    {
        var start = reader.Current.Start;
        Register? guard = null;
        var isNegated = false;
        if (reader.Accept('@'))
        {
            isNegated = reader.Accept('!');
            guard = scope.Find(reader.NextText()) as Register;
            if (guard is not { Type: PtxType.Pred })
                throw reader.Failure("guard is not a predicate register");
        }
        var opcode = reader.Next();
        if (opcode.Kind != TokenKind.Identifier)
            throw new PtxException($"line {opcode.Line}: instruction expected, found '{reader.TextOf(opcode)}'");
        var (name, modifiers) = SplitOpcode(reader.TextOf(opcode));
        _hasName = false;
        List<Operand> operands = [];
        while (!reader.Is(';'))
        {
            if (operands.Count > 0 && !reader.Accept(','))
                throw reader.Failure($"',' or ';' expected before '{reader.CurrentText}'");
            operands.Add(ParseOperand(scope));
        }
        var end = reader.Expect(';').Start;
        var instruction = new Instruction(name, modifiers, [.. operands], guard, isNegated, opcode.Line, Squeeze(reader.Source[start..end]));
        if (_hasName)
            _unresolved.Add((instruction, scope));
        return instruction;
    }

    public void ResolveLater(Label table, List<string> names, Scope scope) => _unresolvedTables.Add((table, names, scope));

    /// <summary>Finds what was declared behind its use: labels, variables of the module, and functions, whose names stay.</summary>
    public void ResolveNames()
    {
        foreach (var (instruction, scope) in _unresolved)
            instruction.Operands = Array.ConvertAll(instruction.Operands, operand => Resolve(operand, instruction, scope));
        foreach (var (table, names, scope) in _unresolvedTables)
        {
            table.Targets = [.. names.Select(name => scope.FindLabel(name)
                ?? throw new PtxException($"undefined label in .branchtargets {string.Join(", ", names)}"))];
        }
    }

    private Operand Resolve(Operand operand, Instruction instruction, Scope scope) => operand switch
    {
        NameOperand name => (Operand?)scope.FindLabel(name.Name)
            ?? (globals.Find(name.Name) is Variable variable ? new Address(variable, name.Offset)
                : functions.ContainsKey(name.Name) || instruction.Name == "call" ? name
                : throw new PtxException($"line {instruction.Line}: undefined name '{name.Name}' in: {instruction.Text}")),
        Memory { Base: NameOperand name } memory => Resolve(name, instruction, scope) is Address address
            ? new Memory(address.Variable, memory.Offset, memory.Coordinates)
            : throw new PtxException($"line {instruction.Line}: undeclared name '{name.Name}' in address"),
        OperandGroup group => new OperandGroup(Array.ConvertAll(group.Items, item => Resolve(item, instruction, scope))),
        VectorOperand vector => new VectorOperand(Array.ConvertAll(vector.Items, item => Resolve(item, instruction, scope))),
        _ => operand,
    };

    private (string Name, string[] Modifiers) SplitOpcode(ReadOnlySpan<char> opcode)
    {
        var lookup = _opcodes.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(opcode, out var split))
        {
            var parts = Array.ConvertAll(opcode.ToString().Split('.'), string.Intern);
            split = (parts[0], parts[1..]);
            lookup[opcode] = split;
        }
        return split;
    }

    /// <summary>With single spaces.</summary>
    private static string Squeeze(string text)
    {
        var isSqueezed = true;
        for (var i = 0; i < text.Length && isSqueezed; i++)
            isSqueezed = !char.IsWhiteSpace(text[i]) || text[i] == ' ' && i + 1 < text.Length && text[i + 1] != ' ';
        if (isSqueezed)
            return text;
        var result = new StringBuilder(text.Length);
        foreach (var c in text.AsSpan().Trim())
        {
            if (!char.IsWhiteSpace(c))
                result.Append(c);
            else if (result[^1] != ' ')
                result.Append(' ');
        }
        return result.ToString();
    }

    private Operand ParseOperand(Scope scope)
    {
        switch (reader.Current.Kind)
        {
            case TokenKind.Number or TokenKind.FloatBits:
                return reader.ReadNumber();
            case TokenKind.Text:
                return new Immediate(ImmediateKind.Text, 0, reader.NextText().ToString());
            case TokenKind.Punctuation:
                return ParseComposite(scope);
        }
        var operand = ParseName(scope);
        return reader.Accept('|') ? new DestinationPair(operand, ParseName(scope)) : operand;
    }

    private Operand ParseComposite(Scope scope)
    {
        switch (reader.CurrentText[0])
        {
            case '{':
                return new VectorOperand(ParseItems('}', scope));
            case '(':
                return new OperandGroup(ParseItems(')', scope));
            case '[':
                return ParseMemory(scope);
            case '!':
                reader.Next();
                return new Negated(ParseOperand(scope));
            case '-' or '+':
                return reader.ReadNumber();
            default:
                throw reader.Failure($"operand expected, found '{reader.CurrentText}'");
        }
    }

    private Operand[] ParseItems(char end, Scope scope)
    {
        reader.Next();
        List<Operand> items = [];
        while (!reader.Accept(end))
        {
            items.Add(ParseOperand(scope));
            reader.Accept(',');
        }
        return [.. items];
    }

    private Operand ParseName(Scope scope)
    {
        var token = reader.Next();
        var name = reader.TextOf(token);
        if (name is "_")
            return _sink;
        if (name is "WARP_SZ")
            return new Immediate(ImmediateKind.Integer, 32);
        switch (scope.Find(name))
        {
            case Variable variable:
                return new Address(variable, ParseOffset());
            case { } found:
                return found;
        }
        if (name[0] == '%')
            return ParseSpecial(name[1..]) ?? throw new PtxException($"line {token.Line}: undeclared register '{name}'");
        _hasName = true;
        return new NameOperand(name.ToString(), ParseOffset());
    }

    private static SpecialRegister? ParseSpecial(ReadOnlySpan<char> name)
    {
        var dot = name.IndexOf('.');
        var dimension = dot < 0 ? [] : name[(dot + 1)..];
        name = dot < 0 ? name : name[..dot];
        return dimension is [] or "x" or "y" or "z" && _specialRegisters.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var known)
            ? new(known, dimension.IsEmpty ? '\0' : dimension[0])
            : null;
    }

    private long ParseOffset()
    {
        long offset = 0;
        while (reader.Is('+') || reader.Is('-'))
        {
            var isNegative = reader.NextText()[0] == '-';
            var value = reader.ReadInteger();
            offset += isNegative ? -value : value;
        }
        return offset;
    }

    private Memory ParseMemory(Scope scope)
    {
        reader.Next();
        Operand? @base = null;
        long offset;
        if (reader.Current.Kind == TokenKind.Number)
            offset = reader.ReadInteger();
        else
        {
            var token = reader.Next();
            var name = reader.TextOf(token);
            @base = scope.Find(name);
            if (@base is null)
            {
                if (token.Kind != TokenKind.Identifier || name[0] == '%')
                    throw new PtxException($"line {token.Line}: undeclared name '{name}' in address");
                @base = new NameOperand(name.ToString());
                _hasName = true;
            }
            offset = ParseOffset();
        }
        var coordinates = reader.Accept(',')
            ? ParseOperand(scope) as VectorOperand ?? throw reader.Failure("coordinates expected in address")
            : null;
        reader.Expect(']');
        return new(@base, offset, coordinates?.Items);
    }
}
