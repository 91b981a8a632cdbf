namespace VirtualCard.Ptx;

/// <summary>An operand of an instruction.</summary>
public abstract class Operand;

/// <summary>A register. Each is one object: scopes are resolved by the parser.</summary>
public sealed class Register(string name, PtxType type) : Operand
{
    public string Name { get; } = name;

    public PtxType Type { get; } = type;

    public override string ToString() => Name;
}

/// <summary>Where a variable lives.</summary>
public enum StateSpace
{
    Generic,
    Global,
    Shared,
    Local,
    Param,
    Const,
}

/// <summary>A variable of a module, a function or its parameters; as an operand it stands inside <see cref="Address"/> or <see cref="Memory"/>.</summary>
/// <param name="count">Elements; null for a scalar, -1 for an array without a size.</param>
public sealed class Variable(string name, StateSpace space, PtxType type, int align, long? count, int line) : Operand
{
    public string Name { get; } = name;

    public StateSpace Space { get; } = space;

    public PtxType Type { get; } = type;

    public int Align { get; } = align;

    public long? Count { get; internal set; } = count;

    public int Line { get; } = line;

    /// <summary>What it starts with, if the text says so.</summary>
    public byte[]? Initial { get; internal set; }

    public bool IsExtern { get; internal init; }

    public long Size => Type.Size() * (Count is { } count ? Math.Max(count, 0) : 1);

    public override string ToString() => Name;
}

/// <summary>A place in the code, or a table of branch targets.</summary>
public sealed class Label(string name) : Operand
{
    public string Name { get; } = name;

    /// <summary>Set by .branchtargets; null for a place in the code.</summary>
    public Label[]? Targets { get; internal set; }

    public override string ToString() => Name;
}

/// <summary>How an immediate was written.</summary>
public enum ImmediateKind
{
    Integer,
    Decimal,
    Bits32,
    Bits64,
    Text,
}

/// <summary>A number in the text: an integer's low 64 bits, a decimal's double, or the bits of a float or a double.</summary>
public sealed class Immediate(ImmediateKind kind, ulong bits, string? text = null) : Operand
{
    public ImmediateKind Kind { get; } = kind;

    /// <summary>An integer in two's complement; the double's bits of a decimal; the bits as written.</summary>
    public ulong Bits { get; } = bits;

    public string? Text { get; } = text;

    public long Integer => Kind == ImmediateKind.Integer ? (long)Bits : throw new PtxException($"integer expected, found {this}");

    /// <summary>The bits of the immediate where an instruction takes it for a type.</summary>
    public ulong BitsAs(PtxType type) => ImmediateBits.Of(this, type);

    public override string ToString() => Kind switch
    {
        ImmediateKind.Integer => ((long)Bits).ToString(),
        ImmediateKind.Decimal => BitConverter.UInt64BitsToDouble(Bits).ToString(),
        ImmediateKind.Bits32 => $"0f{Bits:X8}",
        ImmediateKind.Bits64 => $"0d{Bits:X16}",
        _ => Text ?? "",
    };
}

/// <summary>%tid.x and its like; the name without the percent sign, the dimension 'x', 'y', 'z' or none.</summary>
public sealed class SpecialRegister(string name, char dimension) : Operand
{
    public string Name { get; } = name;

    public char Dimension { get; } = dimension;
}

/// <summary>[base + offset] or [base, {coordinates}]; the base is a <see cref="Register"/>, a <see cref="Variable"/> or none.</summary>
public sealed class Memory(Operand? @base, long offset, Operand[]? coordinates = null) : Operand
{
    public Operand? Base { get; } = @base;

    public long Offset { get; } = offset;

    public Operand[] Coordinates { get; } = coordinates ?? [];
}

/// <summary>A variable where its address is meant, and a constant.</summary>
public sealed class Address(Variable variable, long offset) : Operand
{
    public Variable Variable { get; } = variable;

    public long Offset { get; } = offset;
}

/// <summary>{a, b, ...}</summary>
public sealed class VectorOperand(Operand[] items) : Operand
{
    public Operand[] Items { get; } = items;
}

/// <summary>The operands of a call in parentheses.</summary>
public sealed class OperandGroup(Operand[] items) : Operand
{
    public Operand[] Items { get; } = items;
}

/// <summary>!p</summary>
public sealed class Negated(Operand predicate) : Operand
{
    public Operand Predicate { get; } = predicate;
}

/// <summary>Two destinations: d|p.</summary>
public sealed class DestinationPair(Operand first, Operand second) : Operand
{
    public Operand First { get; } = first;

    public Operand Second { get; } = second;
}

/// <summary>The destination _ that takes nothing.</summary>
public sealed class Sink : Operand;

/// <summary>A name that is not resolved: a function, until calls are inlined.</summary>
public sealed class NameOperand(string name, long offset = 0) : Operand
{
    public string Name { get; } = name;

    public long Offset { get; } = offset;
}
