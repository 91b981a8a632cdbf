namespace VirtualCard.Driver;

/// <summary>A call of the driver: its name, and the how manieth it was.</summary>
internal readonly record struct CallId(string Name, long Number)
{
    public override string ToString() => $"{Name} #{Number}";
}
