using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>CUgraphExecUpdateResultInfo.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UpdateOutcome
{
    public int Kind;

    public ulong Node;

    public ulong From;
}
