using GpuOptim.Benchmarks.NewtonSchulz;

namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>A model's tensors: hidden matrices, which Muon may train, and the embedding and the head, which AdamW does. Vectors are too few to count.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Matrices">Hidden matrices: how many there are of each shape.</param>
/// <param name="Others">Numbers of all else.</param>
internal sealed record Transformer(string Name, IReadOnlyList<(Shape Shape, int Count)> Matrices, long Others)
{
    /// <summary>Llama 2 with 7 and with 70 billion parameters: https://arxiv.org/abs/2307.09288, shapes of its published configurations.</summary>
    public static IReadOnlyList<Transformer> All { get; } =
    [
        Llama("7B", layers: 32, width: 4096, keys: 4096, inner: 11008),
        Llama("70B", layers: 80, width: 8192, keys: 1024, inner: 28672),
    ];

    public long Hidden => Matrices.Sum(each => (long)each.Shape.Rows * each.Shape.Columns * each.Count);

    public long Parameters => Hidden + Others;

    public int Count => Matrices.Sum(each => each.Count);

    /// <summary>Matrices as they are shared out, each whole to one rank, the most expensive first: the operations and numbers of whoever has most to do.</summary>
    public (double Operations, double Elements) Busiest(int ranks)
    {
        const int Iterations = 5;
        var load = new PriorityQueue<(double Operations, double Elements), double>(Enumerable.Range(0, ranks).Select(_ => ((0.0, 0.0), 0.0)));
        var most = (Operations: 0.0, Elements: 0.0);
        foreach (var (shape, count) in Matrices.OrderByDescending(each => each.Shape.DenseStepFlops))
        {
            for (var i = 0; i < count; i++)
            {
                var least = load.Dequeue();
                var next = (Operations: least.Operations + Iterations * shape.DenseStepFlops, Elements: least.Elements + (double)shape.Rows * shape.Columns);
                most = (Math.Max(most.Operations, next.Operations), Math.Max(most.Elements, next.Elements));
                load.Enqueue(next, next.Operations);
            }
        }
        return most;
    }

    private static Transformer Llama(string name, int layers, int width, int keys, int inner)
    {
        const int Vocabulary = 32000;
        return new(
            name,
            [(new(inner, width), 2 * layers), (new(width, inner), layers), .. keys == width ? new[] { (new Shape(width, width), 4 * layers) } : [(new Shape(width, width), 2 * layers), (new Shape(keys, width), 2 * layers)]],
            2L * Vocabulary * width);
    }
}
