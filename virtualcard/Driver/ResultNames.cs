using System.Runtime.InteropServices;
using System.Text;

namespace VirtualCard.Driver;

/// <summary>The names and texts of results, as the driver gives them.</summary>
internal static unsafe class ResultNames
{
    private static readonly Dictionary<Result, (nint Name, nint Text)> _all = Enum.GetValues<Result>().ToDictionary(
        result => result,
        result => (Marshal.StringToCoTaskMemUTF8(NameOf(result)), Marshal.StringToCoTaskMemUTF8(TextOf(result))));

    /// <summary>CUDA_ERROR_INVALID_VALUE and such.</summary>
    public static string NameOf(Result result)
    {
        if (result == Result.Success)
            return "CUDA_SUCCESS";
        StringBuilder name = new("CUDA_ERROR");
        foreach (var letter in result.ToString())
        {
            if (char.IsUpper(letter))
                name.Append('_');
            name.Append(char.ToUpperInvariant(letter));
        }
        return name.ToString();
    }

    /// <summary>The name and the text as strings of C that stay.</summary>
    public static bool TryGet(Result result, out byte* name, out byte* text)
    {
        var isKnown = _all.TryGetValue(result, out var both);
        name = (byte*)both.Name;
        text = (byte*)both.Text;
        return isKnown;
    }

    private static string TextOf(Result result) => result switch
    {
        Result.Success => "no error",
        Result.InvalidValue => "invalid argument",
        Result.OutOfMemory => "out of memory",
        Result.NotInitialized => "initialization error",
        Result.NoDevice => "no CUDA-capable device is detected",
        Result.InvalidDevice => "invalid device ordinal",
        Result.InvalidImage => "device kernel image is invalid",
        Result.InvalidContext => "invalid device context",
        Result.NoBinaryForGpu => "no kernel image is available for execution on the device",
        Result.PeerAccessUnsupported => "peer access is not supported between these two devices",
        Result.InvalidPtx => "a PTX JIT compilation failed",
        Result.UnsupportedPtxVersion => "the provided PTX was compiled with an unsupported toolchain.",
        Result.InvalidHandle => "invalid resource handle",
        Result.NotFound => "named symbol not found",
        Result.NotReady => "device not ready",
        Result.IllegalAddress => "an illegal memory access was encountered",
        Result.LaunchOutOfResources => "too many resources requested for launch",
        Result.LaunchTimeout => "the launch timed out and was terminated",
        Result.PeerAccessAlreadyEnabled => "peer access is already enabled",
        Result.PeerAccessNotEnabled => "peer access has not been enabled",
        Result.PrimaryContextActive => "cannot set while device is active in this process",
        Result.ContextIsDestroyed => "context is destroyed",
        Result.Assert => "device-side assert triggered",
        Result.HostMemoryAlreadyRegistered => "part or all of the requested memory range is already mapped",
        Result.HostMemoryNotRegistered => "pointer does not correspond to a registered memory region",
        Result.IllegalInstruction => "an illegal instruction was encountered",
        Result.MisalignedAddress => "misaligned address",
        Result.LaunchFailed => "unspecified launch failure",
        Result.NotPermitted => "operation not permitted",
        Result.NotSupported => "operation not supported",
        Result.StreamCaptureUnsupported => "operation not permitted when stream is capturing",
        Result.StreamCaptureInvalidated => "operation failed due to a previous error during capture",
        Result.StreamCaptureMerge => "operation would result in a merge of separate capture sequences",
        Result.StreamCaptureUnmatched => "capture was not ended in the same stream as it began",
        Result.StreamCaptureUnjoined => "capturing stream has unjoined work",
        Result.StreamCaptureIsolation => "dependency created on uncaptured work in another stream",
        Result.StreamCaptureImplicit => "operation would make the legacy stream depend on a capturing blocking stream",
        Result.CapturedEvent => "operation not permitted on an event last recorded in a capturing stream",
        Result.StreamCaptureWrongThread => "attempt to terminate a thread-local capture sequence from another thread",
        Result.GraphExecUpdateFailure => "the graph update was not performed because it included changes which violated constraints specific to instantiated graph update",
        _ => "unknown error",
    };
}
