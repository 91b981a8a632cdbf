namespace GpuOptim.Benchmarks.Results;

/// <summary>What the benchmarks ran on.</summary>
/// <param name="Processor">The processor's name.</param>
/// <param name="Cores">Logical cores that the process may use.</param>
/// <param name="Caches">Data caches, the smallest first; none if the system does not say.</param>
/// <param name="MemoryBytes">Memory that the process may use.</param>
/// <param name="VectorBits">Vector widths, the widest first.</param>
/// <param name="System">The operating system.</param>
/// <param name="Runtime">The runtime.</param>
/// <param name="Library">The version of this library.</param>
/// <param name="Device">The device that was measured, with its threads or its multiprocessors.</param>
/// <param name="Rivals">Who raced, with versions.</param>
internal sealed record Machine(
    string Processor,
    int Cores,
    IReadOnlyList<Cache> Caches,
    long MemoryBytes,
    IReadOnlyList<int> VectorBits,
    string System,
    string Runtime,
    string Library,
    string Device,
    IReadOnlyList<string> Rivals);
