namespace GpuOptim.Tests.Support;

/// <summary>Keeps what is reported, in order.</summary>
internal sealed class Reports(List<double> values) : IProgress<double>
{
    public void Report(double value) => values.Add(value);
}
