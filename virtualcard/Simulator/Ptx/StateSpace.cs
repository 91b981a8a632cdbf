namespace VirtualCard.Ptx;

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
