namespace GpuOptim.Benchmarks.Precision;

/// <summary>What a network can do.</summary>
/// <param name="Loss">Mean loss of all digits that it was trained on, in nats.</param>
/// <param name="Accuracy">Share of the test digits that it recognises.</param>
internal sealed record Outcome(double Loss, double Accuracy);
