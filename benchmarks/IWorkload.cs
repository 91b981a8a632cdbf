namespace GpuOptim.Benchmarks;

/// <summary>Something to time.</summary>
internal interface IWorkload
{
    string Name { get; }

    /// <summary>Does the work some times and returns the seconds that each took.</summary>
    double Run(int repetitions);
}
