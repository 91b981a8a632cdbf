using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels;

/// <summary>What a plan promises is so, and what it says it costs is what is executed.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class NewtonSchulzPlanTests
{
    /// <summary>Of a matrix of known singular values, all end within the tolerance.</summary>
    [Test]
    public void SingularValuesEndWithinTheTolerance([Values(0.5, 0.2, 0.05, 0.005)] double tolerance, [Values(0.03, 0.001)] double smallest, [Values("32x40", "96x24")] string shape)
    {
        var (rows, columns) = (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]));
        var plan = NewtonSchulzPlan.For(rows, columns, tolerance, smallest);
        Assert.That(plan.Deviation, Is.LessThanOrEqualTo(tolerance));
        var order = Math.Min(rows, columns);
        var (left, right) = (Orthonormal(order, order, 1), Orthonormal(order, Math.Max(rows, columns), 2));
        // From the smallest to what makes the norm 1.
        double[] values = [.. Enumerable.Range(0, order).Select(i => smallest * Math.Pow(0.25 / smallest, i / (order - 1.0)))];
        values[^1] = Math.Sqrt(1 - values[..^1].Sum(value => value * value));
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < right.GetLength(1); j++)
                right[i, j] *= values[i];
        }
        var matrix = ReferenceMatrix.Multiply(left, right);
        if (rows > columns)
            matrix = ReferenceMatrix.Transpose(matrix);
        using var device = new SimdDevice();
        using var buffer = device.CreateBuffer<float>([.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)]);
        device.Orthogonalize(buffer, buffer, rows, columns, plan.Options);
        var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(buffer.ToArray(), rows, columns), value => (double)value);
        var squares = rows > columns ? ReferenceMatrix.Multiply(ReferenceMatrix.Transpose(x), x) : ReferenceMatrix.Multiply(x, ReferenceMatrix.Transpose(x));
        Assert.That(Eigenvalues.Of(squares).Select(value => Math.Sqrt(value)), Is.All.EqualTo(1).Within(tolerance), plan.ToString());
    }

    [Test]
    public void CostsAreWhatIsExecuted(
        [Values(NewtonSchulzMethod.Standard, NewtonSchulzMethod.Gram)] NewtonSchulzMethod method,
        [Values("Muon", "Cubic", "DeepSeekV4", "PolarExpressFive", "RelaxedCubic")] string set,
        [Values(1, 2, 5, 12)] int steps)
    {
        var plan = new NewtonSchulzOptions { Method = method, Coefficients = NewtonSchulzCoefficients.All.Single(each => each.Name == set), Steps = steps }.Plan;
        var ops = new CountedMatrixOps();
        var x = new MatrixBatch(0, ElementType.Float32, 1, 12, 50);
        NewtonSchulz.Orthogonalize(ops, x, NewtonSchulzMemory.Create(method, x, x with { Columns = 12 }, 64), method, plan);
        Assert.That((NewtonSchulzCost.MultiplyAdds(method, plan, 12, 50), NewtonSchulzCost.Launches(method, plan)), Is.EqualTo((ops.MultiplyAdds, ops.Launches)));
        // As many for the transpose.
        Assert.That(NewtonSchulzCost.MultiplyAdds(method, plan, 50, 12), Is.EqualTo(ops.MultiplyAdds));
    }

    [Test]
    public void GramIsChosenWhereItSavesTime()
    {
        Assert.That(NewtonSchulzPlan.For(512, 2048, 0.5).Options.Method, Is.EqualTo(NewtonSchulzMethod.Gram));
        var automatic = new NewtonSchulzOptions { Method = NewtonSchulzMethod.Automatic };
        Assert.That(NewtonSchulzCost.Faster(automatic, 512, 2048, _ => 1), Is.EqualTo(NewtonSchulzMethod.Gram));
        Assert.That(NewtonSchulzCost.Faster(automatic, 512, 2048, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Standard));
        Assert.That(NewtonSchulzCost.Faster(automatic with { Precision = NewtonSchulzPrecision.Float32 }, 512, 2048, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Gram));
        Assert.That(NewtonSchulzPlan.For(512, 2048, 0.5).ToString(), Does.StartWith("512 x 2048: Gram, ").And.Contain("multiply-adds a matrix"));
    }

    [Test]
    public void ATighterToleranceOrASmallerValueCostsNoLess()
    {
        double[] tolerances = [0.5, 0.2, 0.1, 0.02, 0.005], smallest = [0.1, 0.01, 0.001, 0.0001];
        Assert.That(tolerances.Select(tolerance => NewtonSchulzPlan.For(64, 64, tolerance).MultiplyAdds), Is.Ordered);
        Assert.That(smallest.Select(value => NewtonSchulzPlan.For(64, 64, 0.1, value).MultiplyAdds), Is.Ordered);
    }

    /// <summary>Published tables are what the algorithm makes.</summary>
    [Test]
    public void PolarExpressTablesAreTheAlgorithms()
    {
        AreEqual(NewtonSchulzCoefficients.PolarExpressFor(5, 0.001, 1.02, 0.02), NewtonSchulzCoefficients.PolarExpressFive, 5);
        // The paper's list has its safety factor put in afterwards.
        var plain = NewtonSchulzCoefficients.PolarExpressFor(8, 0.001, safety: 1);
        for (var i = 0; i < 7; i++)
        {
            var (a, b, c) = NewtonSchulzCoefficients.PolarExpress[i];
            var (x, y, z) = plain[i];
            Assert.That(new[] { x, y, z }, Is.EqualTo(new[] { a * 1.01, b * Math.Pow(1.01, 3), c * Math.Pow(1.01, 5) }).Within(2e-6));
        }

        static void AreEqual(NewtonSchulzCoefficients actual, NewtonSchulzCoefficients expected, int steps)
        {
            Assert.That(actual.NormScale, Is.EqualTo(expected.NormScale));
            for (var i = 0; i < steps; i++)
            {
                Assert.That(
                    new[] { actual[i].A, actual[i].B, actual[i].C },
                    Is.EqualTo(new[] { expected[i].A, expected[i].B, expected[i].C }).Within(1e-11));
            }
        }
    }

    /// <summary>Each polynomial's deviation from 1 has as many equal extremes as a best one must have.</summary>
    [Test]
    public void BestPolynomialsLevelTheirExtremes([Values(0.9, 0.3, 0.02, 0.001)] double lower, [Values(1, 1.7)] double upper)
    {
        var step = PolarExpressPolynomials.Best(lower, upper);
        double[] deviations = [.. Enumerable.Range(0, 100_001).Select(i => step.Apply(lower + (upper - lower) * i / 100_000) - 1)];
        var largest = deviations.Max();
        Assert.That(-deviations.Min(), Is.EqualTo(largest).Within(1e-3).Percent);
        Assert.That(Math.Abs(deviations[0]), Is.EqualTo(largest).Within(1e-6).Percent);
        Assert.That(Math.Abs(deviations[^1]), Is.EqualTo(largest).Within(1e-6).Percent);
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Assert.That(() => NewtonSchulzPlan.For(0, 4, 0.1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("rows"));
        Assert.That(() => NewtonSchulzPlan.For(4, 4, 0.0001), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("tolerance must be in [0.001, 1)."));
        Assert.That(() => NewtonSchulzPlan.For(4, 4, double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => NewtonSchulzPlan.For(4, 4, 0.1, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("smallest must be in [1e-6, 1)."));
        Assert.That(() => NewtonSchulzCoefficients.PolarExpressFor(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("steps must be in [1, 99]."));
        Assert.That(() => NewtonSchulzCoefficients.PolarExpressFor(5, 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("smallest must be in [1e-9, 1)."));
        Assert.That(() => NewtonSchulzCoefficients.PolarExpressFor(5, 0.1, 0.9), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("safety must be in [1, 2)."));
        Assert.That(() => NewtonSchulzCoefficients.PolarExpressFor(5, 0.1, 1, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("cushion must be in [0, 1)."));
    }

    private static double[,] Orthonormal(int rows, int columns, int seed) =>
        ReferenceMatrix.Orthogonalize(ReferenceMatrix.Random(rows, columns, seed), Enumerable.Repeat((1.5, -0.5, 0.0), 60));
}
