using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>How parameters are cut into the matrices that are orthogonalized.</summary>
internal static class MatrixBlocks
{
    /// <summary>The matrices that a parameter is taken as: where each begins, by rows, and how many rows and columns it has.</summary>
    public static IEnumerable<(long Row, int Rows, int Columns)> Of(Parameter parameter, MuonOptionsBase options)
    {
        var (shape, name) = (parameter.WholeShape, options.GetType().Name[..^"Options".Length]);
        if (shape.Count < 2)
            throw new ArgumentException($"{name} must be given matrices. Parameter '{parameter.Name}' has shape {Parameter.Describe([.. shape])}; train it with AdamW, beside {name} or in a ModelOptimizer.", nameof(parameter));
        var flattened = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
        if (shape.Count > 2 && !options.FlattenConvolutions)
            throw new ArgumentException($"{name} must be given matrices. Parameter '{parameter.Name}' has shape {Parameter.Describe([.. shape])}; set FlattenConvolutions to take it as {shape[0]} x {flattened}.", nameof(parameter));
        if (shape[0] > int.MaxValue || flattened > int.MaxValue)
            throw new ArgumentException($"Matrices must have at most {int.MaxValue} rows and columns. Parameter '{parameter.Name}' has {shape[0]} x {flattened}.", nameof(parameter));

        int rows = (int)shape[0], columns = (int)flattened;
        var blocks = options.SplitRows switch
        {
            null => [rows],
            [var single] when rows % single == 0 => Enumerable.Repeat(single, rows / single),
            { Count: > 1 } several when several.Sum(each => (long)each) == rows => several,
            var other => throw new ArgumentException($"SplitRows must add up to the rows of parameter '{parameter.Name}', {rows}, or be one number that divides them. Actual value was [{string.Join(", ", other)}].", nameof(parameter)),
        };
        return Cut(blocks, columns);

        static IEnumerable<(long, int, int)> Cut(IEnumerable<int> blocks, int columns)
        {
            var row = 0L;
            foreach (var block in blocks)
            {
                yield return (row, block, columns);
                row += block;
            }
        }
    }
}
