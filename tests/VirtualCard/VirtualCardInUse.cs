using System.Runtime.InteropServices;
using System.Text;

namespace GpuOptim.Tests.VirtualCard;

/// <summary>The card behind ILGPU, where it is a virtual one.</summary>
internal static unsafe class VirtualCardInUse
{
    private const int Synchronizing = 13;

    private static readonly delegate* unmanaged<int> _reportCount = (delegate* unmanaged<int>)Export("vcReportCount");

    private static readonly delegate* unmanaged<int, byte*, int, int> _reportText = (delegate* unmanaged<int, byte*, int, int>)Export("vcReportText");

    private static readonly delegate* unmanaged<long*, int, int> _counters = (delegate* unmanaged<long*, int, int>)Export("vcCounters");

    private static readonly delegate* unmanaged<int> _drain = (delegate* unmanaged<int>)Export("vcDrain");

    public static int ReportCount => _reportCount();

    /// <summary>Calls in which the host waited, or that wait by nature.</summary>
    public static long Waits
    {
        get
        {
            var numbers = stackalloc long[64];
            _ = _counters(numbers, 64);
            return numbers[Synchronizing];
        }
    }

    public static string Report(int index)
    {
        var buffer = new byte[4096];
        fixed (byte* text = buffer)
            return Encoding.UTF8.GetString(buffer, 0, _reportText(index, text, buffer.Length));
    }

    /// <summary>Runs all that is queued, as a card would that is fast.</summary>
    public static void Drain() => _drain();

    /// <summary>How often a function of the driver's was called.</summary>
    public static long CallCount(string function)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(function + '\0'))
            return ((delegate* unmanaged<byte*, long>)Export("vcCallCount"))(name);
    }

    private static nint Export(string name) => VirtualCardLibrary.IsUsed ? NativeLibrary.GetExport(VirtualCardLibrary.Library, name) : 0;
}
