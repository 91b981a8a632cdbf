using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels;

/// <summary>What a plan promises is so, and what it says it costs is what is executed.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class NewtonSchulzPlanTests
{
    /// <summary>Of a matrix of known singular values, all end within the tolerance.</summary>
    [Test]
    public void SingularValuesEndWithinTheTolerance([Values(0.5, 0.2, 0.05, 0.005)] double tolerance, [Values(0.03, 0.001)] double smallest, [Values("32x40", "96x24", "6x24")] string shape, [Values(ElementType.Float32, ElementType.Float16, ElementType.BFloat16)] ElementType favored)
    {
        var (rows, columns) = (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]));
        var plan = NewtonSchulzPlan.For(rows, columns, tolerance, smallest, null, type => type == favored ? 100 : 1);
        // Small values of small matrices are lost in what bfloat16 rounds by.
        if (tolerance >= 0.2 && (favored != ElementType.BFloat16 || smallest > 0.01))
            Assert.That(plan.Options.WorkTypeOf(plan.Options.Method), Is.EqualTo(favored));
        Assert.That(plan.Deviation, Is.LessThanOrEqualTo(tolerance));
        var order = Math.Min(rows, columns);
        var (left, right) = (Orthonormal(order, order, 1), Orthonormal(order, Math.Max(rows, columns), 2));
        // From the smallest to what makes the norm 1; and one beside which the others are as small as may be.
        double[][] spectra =
        [
            [.. Enumerable.Range(0, order).Select(i => smallest * Math.Pow(0.25 / smallest, i / (order - 1.0)))],
            [.. Enumerable.Repeat(smallest, order)],
        ];
        using var device = new SimdDevice();
        foreach (var values in spectra)
        {
            values[^1] = Math.Sqrt(1 - values[..^1].Sum(value => value * value));
            var scaled = new double[order, right.GetLength(1)];
            for (var i = 0; i < order; i++)
            {
                for (var j = 0; j < right.GetLength(1); j++)
                    scaled[i, j] = right[i, j] * values[i];
            }
            var matrix = ReferenceMatrix.Multiply(left, scaled);
            if (rows > columns)
                matrix = ReferenceMatrix.Transpose(matrix);
            using var buffer = device.CreateBuffer<float>([.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)]);
            device.Orthogonalize(buffer, buffer, rows, columns, plan.Options);
            var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(buffer.ToArray(), rows, columns), value => (double)value);
            var squares = rows > columns ? ReferenceMatrix.Multiply(ReferenceMatrix.Transpose(x), x) : ReferenceMatrix.Multiply(x, ReferenceMatrix.Transpose(x));
            Assert.That(Eigenvalues.Of(squares).Select(value => Math.Sqrt(value)), Is.All.EqualTo(1).Within(tolerance), plan.ToString());
        }
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
        // The numbers that docs/optimizers.md says are read and written.
        if (plan.Steps.All(step => step.C != 0))
        {
            double all = 12 * 50, square = 12 * 12, begun = 1 + plan.Restarts.Length;
            Assert.That(ops.Numbers, Is.EqualTo(2 * all + (method == NewtonSchulzMethod.Standard
                ? steps * (3 * all + 4 * square)
                : begun * (3 * all + 4 * square) + 2 * steps * square + 9 * (steps - begun) * square)));
        }
    }

    [Test]
    public void GramIsChosenWhereItSavesTime()
    {
        Assert.That(NewtonSchulzPlan.For(512, 2048, 0.5).Options.Method, Is.EqualTo(NewtonSchulzMethod.Gram));
        var automatic = new NewtonSchulzOptions { Method = NewtonSchulzMethod.Automatic };
        Assert.That(NewtonSchulzCost.Faster(automatic, 512, 2048, _ => 1), Is.EqualTo(NewtonSchulzMethod.Gram));
        Assert.That(NewtonSchulzCost.Faster(automatic, 512, 2048, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Standard));
        Assert.That(NewtonSchulzCost.Faster(automatic with { Precision = NewtonSchulzPrecision.Float32 }, 512, 2048, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Gram));
        // Tensor cores multiply both types of 16 bits alike: there it is float16 alone that Gram is fast with.
        var fine = automatic with { Precision = NewtonSchulzPrecision.Float16 };
        Assert.That(NewtonSchulzCost.Faster(fine, 512, 2048, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Gram));
        Assert.That(NewtonSchulzCost.Faster(fine, 512, 512, type => type.Size() == 2 ? 8 : 1), Is.EqualTo(NewtonSchulzMethod.Standard));
        Assert.That(NewtonSchulzPlan.For(512, 2048, 0.2, 1e-3, null, type => type.Size() == 2 ? 8 : 1).ToString(), Does.StartWith("512 x 2048: Gram, ").And.Contains(", Float16; "));
        Assert.That(NewtonSchulzPlan.For(512, 2048, 0.5).ToString(), Does.StartWith("512 x 2048: Gram, ").And.Contain("multiply-adds a matrix"));
    }

    /// <summary>Steep first steps ask for early restarts; where no others do, there is one before each step.</summary>
    [TestCase("Muon", 5, "2")]
    [TestCase("ModdedNanoGpt", 5, "2")]
    [TestCase("Cubic", 20, "6 13")]
    [TestCase("RelaxedCubic", 5, "2")]
    [TestCase("PolarExpress", 5, "1 3")]
    [TestCase("PolarExpressFive", 5, "1 3")]
    [TestCase("Cans", 5, "1 2 3 4")]
    [TestCase("AolWithoutPreconditioner", 4, "2")]
    [TestCase("DeepSeekV4", 10, "2 5 7")]
    public void RestartsFollowTheTypesRounding(string set, int steps, string restarts)
    {
        var options = new NewtonSchulzOptions
        {
            Method = NewtonSchulzMethod.Gram,
            Coefficients = NewtonSchulzCoefficients.All.Single(each => each.Name == set),
            Steps = steps,
            Precision = NewtonSchulzPrecision.Float16,
        };
        Assert.That(string.Join(' ', options.Plan.Restarts), Is.EqualTo(restarts));
        Assert.That((options with { Precision = NewtonSchulzPrecision.Float32 }).Plan.Restarts, Has.Length.LessThanOrEqualTo(options.Plan.Restarts.Length));
        Assert.That(GramRestarts.LeastRange(options.Plan.Steps, ElementType.Float16), Is.LessThan(set == "Cans" ? 4000 : 60));
        Assert.That(options.Validate, Throws.Nothing);
    }

    /// <summary>Products of Q's factors alone ask for restarts before they leave float16's range; what leaves it in a single step is refused.</summary>
    [Test]
    public void NumbersStayInFloat16sRange()
    {
        // These change no singular value that is so small as to be enlarged: there is no error to restart for.
        NewtonSchulzStep[] steps = [.. Enumerable.Repeat(new NewtonSchulzStep(12, -11, 0), 6)];
        Assert.That(Math.Pow(12, 6), Is.GreaterThan(GramRestarts.LargestFloat16));
        Assert.That(GramRestarts.Of(steps, ElementType.Float16), Is.Not.Empty);
        var steep = new NewtonSchulzOptions { Coefficients = NewtonSchulzCoefficients.Custom([new(40000, -40000, 0)]), Precision = NewtonSchulzPrecision.Float16 };
        Assert.That(steep.Validate, Throws.ArgumentException.With.Message.StartsWith("Coefficients must keep all numbers within 32752 where Precision is Float16. Those of 'Custom' reach 4E+04."));
        Assert.That((steep with { Precision = NewtonSchulzPrecision.Float32 }).Validate, Throws.Nothing);
        using var device = new SimdDevice();
        using var matrix = device.CreateBuffer<float>(6);
        Assert.That(() => device.Orthogonalize(matrix, matrix, 2, 3, steep), Throws.ArgumentException);
        using var parameter = device.CreateParameter<float>("w", [2, 3], new float[6]);
        Assert.That(() => new Muon([parameter], new() { NewtonSchulz = steep }), Throws.ArgumentException);
        // A norm that is made smaller than it is makes the numbers larger.
        var large = steep with { Coefficients = NewtonSchulzCoefficients.Custom([new(1, 0, 0)], normScale: 1e-5) };
        Assert.That(large.Validate, Throws.ArgumentException.With.Message.Contains("reach 1E+10"));
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
