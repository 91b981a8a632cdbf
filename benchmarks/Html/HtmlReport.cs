using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>A report as one HTML file that needs nothing else: no network, and no script but to sort, to copy and to choose light or dark.</summary>
internal static class HtmlReport
{
    public static string Render(Report report) => HtmlWriter.Write(Page.Of(report));

    public static void Write(string path, Report report) => File.WriteAllText(path, Render(report));
}
