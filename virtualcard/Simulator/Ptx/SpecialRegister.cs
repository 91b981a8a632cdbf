namespace VirtualCard.Ptx;

/// <summary>%tid.x and its like; the name without the percent sign, the dimension 'x', 'y', 'z' or none.</summary>
public sealed class SpecialRegister(string name, char dimension) : Operand
{
    public string Name { get; } = name;

    public char Dimension { get; } = dimension;
}
