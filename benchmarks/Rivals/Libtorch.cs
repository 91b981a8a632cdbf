using GpuOptim.Tests.TorchSharp;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>Whether libtorch is there.</summary>
internal static class Libtorch
{
    /// <summary>Why it cannot be used; null if it can.</summary>
    public static string? Failure
    {
        get
        {
            try
            {
                return NativeLibtorch.Failure;
            }
            // What is packed for a machine with a card has no TorchSharp at all.
            catch (FileNotFoundException missing)
            {
                return missing.Message;
            }
        }
    }
}
