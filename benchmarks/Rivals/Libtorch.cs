using GpuOptim.Benchmarks.TorchSharp;

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
            // The tool, and what is packed for a machine with a card, have no TorchSharp at all.
            catch (FileNotFoundException)
            {
                return "TorchSharp and libtorch, 600 MB, are no part of this program. A clone of GpuOptim's repository has them: dotnet run -c Release --project benchmarks -- torchsharp";
            }
        }
    }
}
