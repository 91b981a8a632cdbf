namespace VirtualCard.Execution;

/// <summary>The extents of a grid or of a block.</summary>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    public long Count => (long)X * Y * Z;

    public static implicit operator Dim3(int x) => new(x);

    public override string ToString() => $"({X}, {Y}, {Z})";
}
