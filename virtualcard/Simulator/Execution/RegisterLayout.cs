using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>
/// Where registers lie in a warp's register memory: those with lanes, predicates, special registers, and the numbers of the text, repeated for each
/// lane, so that to an instruction all operands are alike.
/// </summary>
internal sealed unsafe class RegisterLayout
{
    private readonly Dictionary<Register, int> _registers = [];

    private readonly Dictionary<(ulong Bits, int Size), int> _constants = [];

    private readonly Dictionary<(string Name, char Dimension, int Size), int> _specials = [];

    private (char Dimension, int Size, int Offset)[] _positions = [];

    private (int Bytes, int Offset)[] _placesOfSpecials = [];

    private int _top;

    private int _predicates;

    private bool _isClosed;

    /// <summary>Bytes of all.</summary>
    public int Bytes { get; private set; }

    /// <summary>Bytes of those with lanes, which start as poison.</summary>
    public int VariableBytes { get; private set; }

    public int PredicateOffset { get; private set; }

    public int PredicateBytes => _predicates * sizeof(uint);

    /// <summary>Gives all registers of a kernel their places: first those with lanes, the widest first, then the predicates.</summary>
    public void Place(IEnumerable<Register> registers)
    {
        var all = registers.Distinct().ToArray();
        foreach (var register in all.Where(register => register.Type != PtxType.Pred).OrderByDescending(register => register.Type.Size()))
        {
            _registers[register] = _top;
            _top += Math.Max(register.Type.Size() * Lanes.Count, Lanes.Count);
        }
        VariableBytes = _top;
        PredicateOffset = _top;
        foreach (var register in all.Where(register => register.Type == PtxType.Pred))
            _registers[register] = _top + _predicates++ * sizeof(uint);
        _top = (_top + _predicates * sizeof(uint) + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
    }

    /// <summary>Room for what an instruction needs in between.</summary>
    public int PlaceTemporary(int size) => Take(Lanes.RegisterBytes(size));

    public int Of(Register register) => _registers[register];

    public int OfConstant(ulong bits, int size)
    {
        if (!_constants.TryGetValue((bits, size), out var offset))
            _constants[(bits, size)] = offset = Take(Lanes.RegisterBytes(size));
        return offset;
    }

    public int OfSpecial(SpecialRegister special, int size)
    {
        var key = (special.Name, special.Dimension, size);
        if (!_specials.TryGetValue(key, out var offset))
            _specials[key] = offset = Take(Lanes.RegisterBytes(size));
        return offset;
    }

    /// <summary>No register is placed any more.</summary>
    public void Close()
    {
        _isClosed = true;
        _placesOfSpecials = [.. _specials.Select(special => (Lanes.RegisterBytes(special.Key.Size), special.Value))];
        _positions = [.. _specials.Where(special => special.Key.Name is "ctaid" or "clusterid").Select(special => (special.Key.Dimension, special.Key.Size, special.Value))];
        Bytes = _top;
    }

    public void WriteConstants(byte* registers)
    {
        foreach (var ((bits, size), offset) in _constants)
            Lanes.Fill(registers + offset, size, bits);
    }

    /// <summary>Bytes of all special registers.</summary>
    public int SpecialBytes => _specials.Keys.Sum(special => Lanes.RegisterBytes(special.Size));

    /// <summary>Writes what special registers hold for a warp during a launch, one behind the other.</summary>
    public void WriteSpecials(Warp warp, byte* to)
    {
        foreach (var (name, dimension, size) in _specials.Keys)
        {
            SpecialRegisters.Write(warp, name, dimension, to, size);
            to += Lanes.RegisterBytes(size);
        }
    }

    /// <summary>Puts them where instructions read them.</summary>
    public void CopySpecials(byte* registers, ReadOnlySpan<byte> from)
    {
        foreach (var (size, offset) in _placesOfSpecials)
        {
            from[..size].CopyTo(new(registers + offset, size));
            from = from[size..];
        }
    }

    /// <summary>Writes those that change from block to block.</summary>
    public void WritePosition(Warp warp)
    {
        foreach (var (dimension, size, offset) in _positions)
            Lanes.Fill(warp.Registers + offset, size, (ulong)SpecialRegisters.Of(warp.Runner.Position, dimension));
    }

    private int Take(int bytes)
    {
        if (_isClosed)
            throw new InvalidOperationException("The registers have their places.");
        var offset = _top;
        _top += (bytes + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
        return offset;
    }
}
