namespace GpuOptim.Tests.Support;

/// <summary>Where to look for a Python that has what a test needs.</summary>
internal static class Python
{
    /// <summary>Interpreters: what the environment variable <c>GPUOPTIM_PYTHON</c> names, then the usual ones.</summary>
    public static IEnumerable<string> All =>
        ((string?[])[Environment.GetEnvironmentVariable("GPUOPTIM_PYTHON"), "python3", "/usr/bin/python3", "python"]).OfType<string>().Where(name => name.Length > 0);
}
