using PuppeteerSharp;

namespace GpuOptim.Tests.Benchmarks.Html;

/// <summary>A browser: <c>GPUOPTIM_CHROMIUM</c>, or one on the path.</summary>
internal static class Chromium
{
    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Where it is; null if there is none.</summary>
    public static string? Path { get; } = Environment.GetEnvironmentVariable("GPUOPTIM_CHROMIUM") is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .SelectMany(folder => _names.Select(name => System.IO.Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    /// <summary>Starts it without a window, and with nothing of an earlier run.</summary>
    /// <param name="profile">An empty folder.</param>
    public static Task<IBrowser> Launch(string profile) => Puppeteer.LaunchAsync(new()
    {
        ExecutablePath = Path,
        Headless = true,
        UserDataDir = profile,
        Args =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    });
}
