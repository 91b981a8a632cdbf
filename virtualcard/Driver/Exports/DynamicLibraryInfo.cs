using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>Dl_info of the C library.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DynamicLibraryInfo
{
    public byte* FileName;

    public void* Base;

    public byte* SymbolName;

    public void* Symbol;
}
