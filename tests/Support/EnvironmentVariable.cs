namespace GpuOptim.Tests.Support;

/// <summary>A while in which an environment variable has a value, or none; then it has its own again. Tests that use it run alone.</summary>
internal readonly struct EnvironmentVariable : IDisposable
{
    private readonly string _name;
    private readonly string? _before;

    public EnvironmentVariable(string name, string? value)
    {
        (_name, _before) = (name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(_name, _before);
}
