using GpuOptim.Benchmarks.Throughput;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>The tensors of a model: what it is called, and their shapes.</summary>
internal sealed record TensorSet(string Name, IReadOnlyList<long[]> Shapes)
{
    /// <summary>The name of <see cref="Gpt2Small"/>.</summary>
    public const string Gpt2SmallName = "gpt2-small";

    /// <summary>All of GPT-2's smallest model, 124M numbers; the output's weights are those of the embedding.</summary>
    public static TensorSet Gpt2Small { get; } = new(Gpt2SmallName,
    [
        [50257, 768], [1024, 768],
        .. Enumerable.Repeat<long[][]>(
        [
            [768], [768], [768, 3 * 768], [3 * 768], [768, 768], [768],
            [768], [768], [768, 4 * 768], [4 * 768], [4 * 768, 768], [768],
        ], 12).SelectMany(block => block),
        [768], [768],
    ]);

    public long Elements => Shapes.Sum(shape => shape.Aggregate(1L, (volume, extent) => volume * extent));

    /// <summary>Reads <c>gpt2-small</c>, or <c>COUNTxLENGTH</c> as <see cref="Layout.Parse"/> does. Null if it is neither.</summary>
    public static TensorSet? Parse(string text)
    {
        if (text == Gpt2SmallName)
            return Gpt2Small;
        return Layout.Parse(text) is { } layout ? new($"{layout}", [.. Enumerable.Range(0, layout.Count).Select(_ => new[] { layout.Length })]) : null;
    }
}
