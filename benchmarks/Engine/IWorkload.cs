namespace GpuOptim.Benchmarks.Engine;

/// <summary>Something to time.</summary>
internal interface IWorkload
{
    /// <summary>Does the work some times and returns the seconds that each took.</summary>
    double Run(int repetitions);
}
