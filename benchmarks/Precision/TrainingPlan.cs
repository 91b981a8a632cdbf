namespace GpuOptim.Benchmarks.Precision;

/// <summary>How the network is trained, in every mode.</summary>
/// <param name="Epochs">How often every digit is seen.</param>
/// <param name="Digits">How many digits there are to see.</param>
/// <param name="Batch">Digits a step.</param>
/// <param name="Hidden">Width of the hidden layer.</param>
/// <param name="Seeds">Of initial weights, order and random roundings.</param>
/// <param name="Beta2">How much of AdamW's average of squares stays in a step.</param>
/// <param name="IsMuon">Whether Muon trains the hidden matrix, instead of AdamW.</param>
internal sealed record TrainingPlan(int Epochs, int Digits, int Batch, int Hidden, IReadOnlyList<int> Seeds, double Beta2 = 0.999, bool IsMuon = false)
{
    /// <summary>Minutes on two cores.</summary>
    public static TrainingPlan Full { get; } = new(Epochs: 20, Digits: 9000, Batch: 64, Hidden: 64, Seeds: [1, 2, 3]);

    /// <summary>Seconds: too short to tell modes apart.</summary>
    public static TrainingPlan Quick { get; } = new(Epochs: 1, Digits: 640, Batch: 64, Hidden: 16, Seeds: [1, 2]);

    public int StepsPerEpoch => (Digits + Batch - 1) / Batch;

    public int Steps => Epochs * StepsPerEpoch;
}
