namespace GpuOptim.Samples.Distributed;

/// <summary>What came of the ranks' training; counts are of a step.</summary>
/// <param name="Ranks">How many there were.</param>
/// <param name="StepSeconds">Of a step, the slowest rank's.</param>
/// <param name="BytesSent">What each rank sent by its communicator's count.</param>
/// <param name="StateBytes">Bytes of the optimizer's state on each rank.</param>
/// <param name="Weights">The weights at the end, one parameter behind the other.</param>
internal sealed record Outcome(int Ranks, double StepSeconds, double[] BytesSent, double[] StateBytes, float[] Weights);
