using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.VirtualCard;

/// <summary>The virtual card's driver, as the build left it.</summary>
internal static unsafe class VirtualCardLibrary
{
    private const int LogLines = 12;

    private static nint _library;

    public static string Path => System.IO.Path.Combine(Folder, FileName);

    private static string Folder => System.IO.Path.Combine(AppContext.BaseDirectory, "virtualcard");

    private static string RealName => OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1";

    private static string FileName => OperatingSystem.IsWindows() ? "libcuda.dll" : OperatingSystem.IsMacOS() ? "libcuda.dylib" : "libcuda.so";

    /// <summary>Skips the test where the driver could not be compiled.</summary>
    public static void Require()
    {
        if (File.Exists(Path))
            return;
        var log = System.IO.Path.Combine(Folder, "publish.log");
        Assert.Ignore($"{Path} is missing. {(File.Exists(log) ? string.Join(Environment.NewLine, File.ReadLines(log).TakeLast(LogLines)) : "Nobody tried to compile it.")}");
    }

    /// <summary>Whether ILGPU's CUDA device is the virtual card.</summary>
    public static bool IsUsed => _library != 0;

    /// <summary>The library that ILGPU uses.</summary>
    public static nint Library
    {
        get
        {
            Require();
            return _library;
        }
    }

    /// <summary>Where there is no driver of a real card, or one of the virtual cards is asked for, ILGPU, and the library with it, finds the virtual card for as long as the process lives.</summary>
    /// <remarks>Before tests are listed: each device has its own.</remarks>
    [ModuleInitializer]
    internal static void Use()
    {
        if (!File.Exists(Path) || (Environment.GetEnvironmentVariable("VIRTUAL_CARD") is null && NativeLibrary.TryLoad(RealName, out _)))
            return;
        _library = NativeLibrary.Load(Path);
        NativeLibrary.SetDllImportResolver(typeof(CudaDevice).Assembly, (name, _, _) => name is "cuda" or "nvcuda" ? _library : 0);
        CudaDriver.Use(_library);
        // Tests of several cards need two; and of two, threads may have the wrong one current.
        if (Environment.GetEnvironmentVariable("VIRTUAL_CARD_COUNT") is null)
            PlugIn(2);
    }

    private static void PlugIn(int cards)
    {
        var reset = (delegate* unmanaged<int, byte*, ulong, int>)NativeLibrary.GetExport(_library, "vcReset");
        var architecture = Environment.GetEnvironmentVariable("VIRTUAL_CARD") is { } name ? Encoding.UTF8.GetBytes(name + '\0') : null;
        fixed (byte* text = architecture)
        {
            if (reset(cards, text, ulong.TryParse(Environment.GetEnvironmentVariable("VIRTUAL_CARD_SEED"), out var seed) ? seed : 0) != 0)
                throw new InvalidOperationException("VIRTUAL_CARD is no architecture that the virtual card plays.");
        }
    }

    /// <summary>A driver of one's own: a copy of the library under another name knows nothing of the first.</summary>
    public static nint LoadCopy(string name)
    {
        Require();
        var copy = System.IO.Path.Combine(Folder, $"{name}-{Environment.ProcessId}-{FileName}");
        File.Copy(Path, copy, overwrite: true);
        try
        {
            return NativeLibrary.Load(copy, Assembly.GetExecutingAssembly(), null);
        }
        finally
        {
            // What is loaded stays, without its name; but for Windows, which keeps the file.
            if (!OperatingSystem.IsWindows())
                File.Delete(copy);
        }
    }
}
