using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Asks the system what machine this is.</summary>
internal static class MachineReader
{
    private const string CacheFolder = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>Data caches, the smallest first; none where the system does not say.</summary>
    public static IReadOnlyList<Cache> Caches { get; } = ReadCaches();

    public static Machine Read(string device, IEnumerable<string> rivals) => new(
        Processor(),
        Environment.ProcessorCount,
        Caches,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        SimdDevice.VectorWidths,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        typeof(Device).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        device,
        [.. rivals.Distinct()]);

    private static string Processor()
    {
        if (File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").ToLookup(line => line.Split(':')[0].Trim(), line => line.Split(':')[^1].Trim()) is var lines)
        {
            // Some hosts hide the name; family and model still say what it is.
            return lines["model name"].FirstOrDefault() is not { } name
                ? $"{RuntimeInformation.ProcessArchitecture}"
                : $"{name}{(lines["cpu family"].FirstOrDefault() is { } family ? $", family {family}, model {lines["model"].FirstOrDefault()}" : "")}";
        }
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? $"{RuntimeInformation.ProcessArchitecture}";
    }

    private static IReadOnlyList<Cache> ReadCaches()
    {
        try
        {
            return
            [
                .. Directory.GetDirectories(CacheFolder, "index*")
                    .Where(folder => Line(folder, "type") is "Data" or "Unified")
                    .Select(folder => new Cache($"L{Line(folder, "level")}", Bytes(Line(folder, "size")), Count(Line(folder, "shared_cpu_list"))))
                    .OrderBy(cache => cache.Bytes),
            ];
        }
        catch (Exception unknown) when (unknown is IOException or FormatException or UnauthorizedAccessException)
        {
            return [];
        }

        static string Line(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).Trim();

        static long Bytes(string size) => long.Parse(size[..^1], CultureInfo.InvariantCulture) << (size[^1] == 'M' ? 20 : 10);

        static int Count(string list) => list.Split(',').Sum(range => range.Split('-') is [var from, var to]
            ? int.Parse(to, CultureInfo.InvariantCulture) - int.Parse(from, CultureInfo.InvariantCulture) + 1
            : 1);
    }
}
