using System.Runtime.InteropServices;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>Memory for machine code, which is writable first and executable then, never both. It stays for as long as the process does.</summary>
internal static unsafe partial class ExecutableMemory
{
    /// <summary>Copies code to where it can be called; null where that is forbidden, or not known how to.</summary>
    public static void* TryCopy(ReadOnlySpan<byte> code)
    {
        try
        {
            return OperatingSystem.IsLinux() ? OnLinux(code) : OperatingSystem.IsWindows() ? OnWindows(code) : null;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static void* OnLinux(ReadOnlySpan<byte> code)
    {
        const int PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20;
        var length = (nuint)code.Length;
        var memory = Map(null, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ((nint)memory == -1)
            return null;
        code.CopyTo(new(memory, code.Length));
        if (Protect(memory, length, PROT_READ | PROT_EXEC) == 0)
            return memory;
        _ = Unmap(memory, length);
        return null;
    }

    private static void* OnWindows(ReadOnlySpan<byte> code)
    {
        const uint MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000, MEM_RELEASE = 0x8000, PAGE_READWRITE = 4, PAGE_EXECUTE_READ = 0x20;
        var memory = VirtualAlloc(null, (nuint)code.Length, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
        if (memory == null)
            return null;
        code.CopyTo(new(memory, code.Length));
        if (VirtualProtect(memory, (nuint)code.Length, PAGE_EXECUTE_READ, out _) != 0)
            return memory;
        _ = VirtualFree(memory, 0, MEM_RELEASE);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("kernel32")]
    private static partial void* VirtualAlloc(void* address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(void* address, nuint length, uint protection, out uint previous);

    [LibraryImport("kernel32")]
    private static partial int VirtualFree(void* address, nuint length, uint type);
}
