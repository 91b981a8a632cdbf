namespace GpuOptim.Samples.Mnist;

/// <summary>What a chart shows of a run.</summary>
/// <param name="Name">Of the optimizer.</param>
/// <param name="Losses">Mean loss of each batch, in nats, in order.</param>
/// <param name="Accuracy">Share of test digits recognised at the end.</param>
internal sealed record Curve(string Name, List<float> Losses, double Accuracy)
{
    /// <summary>Whether it is drawn wide and pale behind the others, for a curve that another one covers.</summary>
    public bool IsBand { get; init; }
}
