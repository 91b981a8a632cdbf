using System.Text;

namespace GpuOptim.Kernels.Encodings;

/// <summary>Keys of random numbers.</summary>
internal static class RandomKey
{
    /// <summary>The key of a tensor's random numbers: of the seed and the tensor's name, whatever group, table or process it is in.</summary>
    public static ulong Of(int seed, string name)
    {
        // FNV-1a of the name, then the finalizer of SplitMix64, so that neighboring seeds have keys far apart.
        var hash = 0xCBF2_9CE4_8422_2325ul;
        foreach (var each in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ each) * 0x100_0000_01B3;
        var key = hash + (ulong)(uint)seed * 0x9E37_79B9_7F4A_7C15;
        key = (key ^ (key >> 30)) * 0xBF58_476D_1CE4_E5B9;
        key = (key ^ (key >> 27)) * 0x94D0_49BB_1331_11EB;
        return key ^ (key >> 31);
    }
}
