using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>A matrix, and what Newton-Schulz costs on it.</summary>
internal sealed record Shape(int Rows, int Columns)
{
    /// <summary>Reads <c>ROWSxCOLUMNS</c>; null if it is none.</summary>
    public static Shape? Parse(string text) =>
        text.Split('x') is [var left, var right]
        && int.TryParse(left, CultureInfo.InvariantCulture, out var rows) && rows > 0
        && int.TryParse(right, CultureInfo.InvariantCulture, out var columns) && columns > 0
            ? new(rows, columns)
            : null;

    /// <summary>The option that takes shapes.</summary>
    public static Option<string[]> Option(params string[] values)
    {
        var shapes = CommonOptions.Many("--shape", "Matrices, as ROWSxCOLUMNS", values);
        shapes.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Parse(token.Value) is null))
                result.AddError($"--shape must be ROWSxCOLUMNS, for instance 1024x1024. Actual value was '{token.Value}'.");
        });
        return shapes;
    }

    public double Order => Math.Min(Rows, Columns);

    public double Depth => Math.Max(Rows, Columns);

    /// <summary>Operations of B X, a multiply-add counted as two; nothing of it is symmetric.</summary>
    public double MultiplyFlops => 2 * Order * Order * Depth;

    /// <summary>Operations of X Xᵀ if all of the result is computed.</summary>
    public double DenseGramFlops => MultiplyFlops;

    /// <summary>Operations of X Xᵀ if one triangle is computed, the diagonal included.</summary>
    public double GramFlops => Order * (Order + 1) * Depth;

    /// <summary>Operations of one quintic step as it is written: three full products.</summary>
    public double DenseStepFlops => DenseGramFlops + 2 * Order * Order * Order + MultiplyFlops;

    /// <summary>Operations of one quintic step with one triangle of each symmetric product.</summary>
    public double StepFlops => GramFlops + Order * (Order + 1) * Order + MultiplyFlops;

    public override string ToString() => $"{Rows} x {Columns}";
}
