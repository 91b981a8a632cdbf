using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuOptim.Tests.VirtualCard;

/// <summary>The driver's functions, of a copy of the virtual card's driver that nobody else in the process uses.</summary>
internal static unsafe partial class Cuda
{
    private const string Library = "virtual-card";

    private static readonly Lazy<nint> _library = new(() => VirtualCardLibrary.LoadCopy("raw"));

    static Cuda() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Library ? _library.Value : 0);

    /// <summary>All reports since the last clearing.</summary>
    public static string[] Reports => [.. Enumerable.Range(0, ReportCount()).Select(index =>
    {
        var buffer = new byte[4096];
        fixed (byte* text = buffer)
            return Encoding.UTF8.GetString(buffer, 0, ReportText(index, text, buffer.Length));
    })];

    /// <summary>What lives now, a line each.</summary>
    public static string Living
    {
        get
        {
            var buffer = new byte[16384];
            fixed (byte* text = buffer)
                _ = Leaks(text, buffer.Length);
            return Encoding.UTF8.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));
        }
    }

    /// <summary>The numbers of vcCounters.</summary>
    public static long[] Counters
    {
        get
        {
            var values = new long[GetCounters(null, 0)];
            fixed (long* target = values)
                _ = GetCounters(target, values.Length);
            return values;
        }
    }

    /// <summary>What kernels have done, a line each.</summary>
    public static string Statistics
    {
        get
        {
            var buffer = new byte[16384];
            fixed (byte* text = buffer)
                _ = GetStatistics(text, buffer.Length);
            return Encoding.UTF8.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));
        }
    }

    [LibraryImport(Library, EntryPoint = "vcStatistics")]
    public static partial int GetStatistics(byte* buffer, int size);

    [LibraryImport(Library, EntryPoint = "vcReportCount")]
    public static partial int ReportCount();

    [LibraryImport(Library, EntryPoint = "vcReportText")]
    public static partial int ReportText(int index, byte* buffer, int size);

    [LibraryImport(Library, EntryPoint = "vcReportClear")]
    public static partial void ReportClear();

    [LibraryImport(Library, EntryPoint = "vcLeaks")]
    public static partial int Leaks(byte* buffer, int size);

    [LibraryImport(Library, EntryPoint = "vcCounters")]
    public static partial int GetCounters(long* values, int count);

    [LibraryImport(Library, EntryPoint = "vcCountersReset")]
    public static partial void CountersReset();

    [LibraryImport(Library, EntryPoint = "vcCallCount", StringMarshalling = StringMarshalling.Utf8)]
    public static partial long CallCount(string name);

    [LibraryImport(Library, EntryPoint = "vcSetSeed")]
    public static partial void SetSeed(ulong seed);

    [LibraryImport(Library, EntryPoint = "vcSetOption", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetOption(string name, long value);

    [LibraryImport(Library, EntryPoint = "vcDrain")]
    public static partial int Drain();

    [LibraryImport(Library, EntryPoint = "vcReset", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Reset(int cards, string architecture, ulong seed);

    [LibraryImport(Library, EntryPoint = "cuInit")]
    public static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDriverGetVersion")]
    public static partial int DriverGetVersion(out int version);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    public static partial int GetErrorName(int error, out nint text);

    [LibraryImport(Library, EntryPoint = "cuGetErrorString")]
    public static partial int GetErrorString(int error, out nint text);

    [LibraryImport(Library, EntryPoint = "cuGetProcAddress_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetProcAddress(string symbol, out nint address, int version, ulong flags, out int status);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    public static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    public static partial int DeviceGetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    public static partial int DeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceTotalMem_v2")]
    public static partial int DeviceTotalMem(out nint bytes, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    public static partial int DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceCanAccessPeer")]
    public static partial int DeviceCanAccessPeer(out int canAccess, int device, int peer);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial int PrimaryRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial int PrimaryRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxGetState")]
    public static partial int PrimaryGetState(int device, out uint flags, out int active);

    [LibraryImport(Library, EntryPoint = "cuCtxCreate_v2")]
    public static partial int CtxCreate(out nint context, uint flags, int device);

    [LibraryImport(Library, EntryPoint = "cuCtxDestroy_v2")]
    public static partial int CtxDestroy(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxSetCurrent")]
    public static partial int CtxSetCurrent(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxGetCurrent")]
    public static partial int CtxGetCurrent(out nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPushCurrent_v2")]
    public static partial int CtxPushCurrent(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPopCurrent_v2")]
    public static partial int CtxPopCurrent(out nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxSynchronize")]
    public static partial int CtxSynchronize();

    [LibraryImport(Library, EntryPoint = "cuCtxEnablePeerAccess")]
    public static partial int CtxEnablePeerAccess(nint peer, uint flags);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadData", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ModuleLoadData(out nint module, string image);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadDataEx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ModuleLoadDataEx(out nint module, string image, uint count, int* options, void** values);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    public static partial int ModuleUnload(nint module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuModuleGetGlobal_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ModuleGetGlobal(out ulong address, out nuint bytes, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuFuncGetAttribute")]
    public static partial int FuncGetAttribute(out int value, int attribute, nint function);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    public static partial int FuncSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessor")]
    public static partial int OccupancyMaxActiveBlocks(out int blocks, nint function, int threads, nuint shared);

    [LibraryImport(Library, EntryPoint = "cuOccupancyMaxPotentialBlockSize")]
    public static partial int OccupancyMaxPotentialBlockSize(out int minGrid, out int block, nint function, delegate* unmanaged<int, nuint> sharedOf, nuint shared, int limit);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    public static partial int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared, nint stream, void** parameters, void** extra);

    [LibraryImport(Library, EntryPoint = "cuTensorMapEncodeTiled")]
    public static partial int TensorMapEncodeTiled(
        byte* map, int type, uint rank, ulong address, ulong* extents, ulong* strides, uint* box, uint* elementStrides, int interleave, int swizzle, int promotion, int fill);
}
