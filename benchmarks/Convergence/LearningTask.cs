using GpuOptim.Benchmarks.Precision;
using GpuOptim.Host;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>What is to be learnt, by which network, and for how long.</summary>
/// <param name="Name">What tables and charts call it.</param>
/// <param name="Data">What there is to learn from, and the widths of the network.</param>
/// <param name="Create">A network on a device, of weights that depend on the seed.</param>
/// <param name="Count">How many samples there are.</param>
/// <param name="Batch">Samples a step.</param>
/// <param name="Epochs">How often each is seen.</param>
internal sealed record LearningTask(string Name, string Data, Func<Device, int, ILearner> Create, int Count, int Batch, int Epochs)
{
    public int Steps => Epochs * ((Count + Batch - 1) / Batch);

    public string Description => $"{Data}, {Steps:N0} steps of {Batch}";

    /// <summary>Digits, with the network of <c>precision-training</c>.</summary>
    public static LearningTask OfDigits(TrainingPlan plan)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "data");
        var (training, test) = (Digits.Load(folder, "train"), Digits.Load(folder, "test"));
        return new(
            "digits",
            $"{plan.Digits:N0} digits of MNIST, network {Digits.Pixels}-{plan.Hidden}-{Digits.Classes}",
            (device, seed) => new DigitLearner(device, plan, training, test, seed),
            plan.Digits,
            plan.Batch,
            plan.Epochs);
    }

    /// <summary>The next character of a text.</summary>
    public static LearningTask OfText(Corpus corpus, int hidden, int batch, int epochs) => new(
        "text",
        $"{corpus.Training.Length:N0} characters of this repository's documentation, network {LanguageModel.Context}·{LanguageModel.Embedding}-{hidden}-{hidden}-{corpus.Alphabet}",
        (device, seed) => new LanguageModel(device, corpus, hidden, batch, seed),
        corpus.Training.Length,
        batch,
        epochs);
}
