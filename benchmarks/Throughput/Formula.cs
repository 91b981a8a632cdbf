namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What an optimizer does to a number.</summary>
/// <param name="p">The number.</param>
/// <param name="g">Its gradient.</param>
/// <param name="first">Its first state.</param>
/// <param name="second">Its second state.</param>
/// <param name="step">How many steps there have been, this one included.</param>
internal delegate void Formula(ref double p, double g, ref double first, ref double second, int step);
