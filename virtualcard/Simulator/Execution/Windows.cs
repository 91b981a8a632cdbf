namespace VirtualCard.Execution;

/// <summary>Where the shared and the local memory of a thread lie among generic addresses.</summary>
internal static class Windows
{
    public const ulong Shared = 2ul << 56;

    public const ulong Local = 3ul << 56;

    /// <summary>Kernel parameters, in the space of parameters.</summary>
    public const ulong Parameters = 0x100;

    private const ulong Size = 1ul << 32;

    public static bool IsShared(ulong address) => address - Shared < Size;

    public static bool IsLocal(ulong address) => address - Local < Size;
}
