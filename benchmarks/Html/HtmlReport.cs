using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

internal static class HtmlReport
{
    public static void Write(string path, Report report) => File.WriteAllText(path, $"{report.Created}");
}
