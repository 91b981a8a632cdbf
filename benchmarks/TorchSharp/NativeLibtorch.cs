using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>Makes TorchSharp's native library load where the system's C++ library is older than the one it was linked with.</summary>
/// <remarks>
/// libLibTorchSharp.so asks libstdc++ for version GLIBCXX_3.4.32 of a single symbol that nothing in it refers to: a mark that GCC 13's
/// <c>iostream</c> leaves. On a system before GCC 13 (Debian 12, Ubuntu 22.04) the loader refuses it for that alone. A version that is needed
/// weakly may be missing, so in the copy beside the program the one need is marked weak, and nothing else is changed.
/// </remarks>
internal static class NativeLibtorch
{
    private const string MissingVersion = "GLIBCXX_3.4.32";

    private static readonly Lazy<string?> _failure = new(Load);

    /// <summary>Why libtorch cannot be used here; null if it can.</summary>
    public static string? Failure => _failure.Value;

    /// <summary>Marks the need of a version of a library as one that may be missing.</summary>
    /// <param name="library">A shared library in ELF format, 64 bits, little-endian.</param>
    /// <param name="version">The version's name.</param>
    /// <returns>How many needs were marked.</returns>
    internal static int MarkWeak(Span<byte> library, string version)
    {
        // Layouts: System V ABI, chapter 4; versions: Linux Standard Base, "Symbol Versioning".
        const int SectionSize = 64, VersionNeeds = 0x6FFF_FFFE, WeakFlag = 2;
        if (library.Length < 64 || !library[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            throw new ArgumentException("library must be a 64-bit little-endian ELF file.", nameof(library));
        var sections = (int)BinaryPrimitives.ReadInt64LittleEndian(library[0x28..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(library[0x3C..]);
        var marked = 0;
        for (var i = 0; i < count; i++)
        {
            var section = library.Slice(sections + i * SectionSize, SectionSize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) != VersionNeeds)
                continue;
            var strings = (int)BinaryPrimitives.ReadInt64LittleEndian(library[(sections + BinaryPrimitives.ReadInt32LittleEndian(section[0x28..]) * SectionSize + 0x18)..]);
            // A library that is needed, with its versions, leads to the next by an offset; 0 ends.
            for (int need = (int)BinaryPrimitives.ReadInt64LittleEndian(section[0x18..]), next = -1; next != 0; need += next)
            {
                next = BinaryPrimitives.ReadInt32LittleEndian(library[(need + 12)..]);
                var entry = need + BinaryPrimitives.ReadInt32LittleEndian(library[(need + 8)..]);
                for (var nextEntry = -1; nextEntry != 0; entry += nextEntry)
                {
                    nextEntry = BinaryPrimitives.ReadInt32LittleEndian(library[(entry + 12)..]);
                    var name = library[(strings + BinaryPrimitives.ReadInt32LittleEndian(library[(entry + 8)..]))..];
                    if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) != version)
                        continue;
                    var flags = library[(entry + 4)..];
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | WeakFlag));
                    marked++;
                }
            }
        }
        return marked;
    }

    private static string? Load()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "runtimes", $"linux-{RuntimeInformation.ProcessArchitecture}".ToLowerInvariant(), "native", "libLibTorchSharp.so");
        if (!OperatingSystem.IsLinux() || !File.Exists(library))
            return TryUse();
        try
        {
            NativeLibrary.Load(library);
        }
        catch (DllNotFoundException failure) when (failure.Message.Contains(MissingVersion, StringComparison.Ordinal))
        {
            var bytes = File.ReadAllBytes(library);
            if (MarkWeak(bytes, MissingVersion) != 1)
                return $"{library} needs {MissingVersion} of libstdc++ in a way that is not known";
            // Whole or not at all: another run may load it.
            var copy = $"{library}.{Environment.ProcessId}";
            File.WriteAllBytes(copy, bytes);
            File.Move(copy, library, overwrite: true);
        }
        catch (DllNotFoundException failure)
        {
            return failure.Message.Split('\n')[0];
        }
        return TryUse();
    }

    private static string? TryUse()
    {
        try
        {
            using var one = global::TorchSharp.torch.ones(1);
            return null;
        }
        catch (Exception failure) when (failure is TypeInitializationException or DllNotFoundException or NotSupportedException)
        {
            return failure.InnerException?.Message.Split('\n')[0] ?? failure.Message;
        }
    }
}
