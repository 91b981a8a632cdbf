using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels;

/// <summary>Newton-Schulz on X Xᵀ against the polynomials in double, the polar factor, and the standard method.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class GramNewtonSchulzTests(TestDevice testDevice)
{
    private static readonly NewtonSchulzOptions _gram = new() { Method = NewtonSchulzMethod.Gram };

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void EveryCoefficientSetIsItsPolynomial(
        [ValueSource(typeof(NewtonSchulzCoefficients), nameof(NewtonSchulzCoefficients.All))] NewtonSchulzCoefficients coefficients,
        [Values("24x40", "40x24", "17x17", "1x9")] string shape,
        [Values(NewtonSchulzPrecision.Float32, NewtonSchulzPrecision.Float16)] NewtonSchulzPrecision precision)
    {
        if (precision == NewtonSchulzPrecision.Float16 && coefficients == NewtonSchulzCoefficients.Cans)
            Assert.Ignore("Its first polynomials are so steep at 1 that no bound below 1 holds.");
        var (rows, columns) = (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]));
        var matrix = ReferenceMatrix.Random(rows, columns, 7);
        float[] input = [.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)];
        var expected = ReferenceMatrix.Flatten(ReferenceMatrix.Orthogonalize(
            matrix, Enumerable.Range(0, coefficients.DefaultSteps).Select(step => (coefficients[step].A, coefficients[step].B, coefficients[step].C)), coefficients.NormScale));
        var options = _gram with { Coefficients = coefficients, Precision = precision };
        var (type, rounding) = precision == NewtonSchulzPrecision.Float32 ? (ElementType.Float32, 1e-4) : (ElementType.Float16, 0.0075);
        var actual = Orthogonalize(input, rows, columns, options);
        Assert.That(actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThanOrEqualTo(rounding + GramRestarts.Error(options.Plan.Steps, options.Plan.Restarts, type)));
    }

    [Test]
    public void ConvergesToThePolarFactorWithRestarts()
    {
        var matrix = ReferenceMatrix.Random(20, 60, 3);
        float[] input = [.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)];
        var options = _gram with { Coefficients = NewtonSchulzCoefficients.DeepSeekV4, Steps = 20 };
        Assert.That(options.Plan.Restarts, Is.Not.Empty);
        AssertOrthonormal(Orthogonalize(input, 20, 60, options), 20, 60, 1e-5);
    }

    /// <summary>Of what is ill-conditioned, of low rank, huge or tiny the result is no farther from the polynomial, nor less orthogonal, than the standard method's.</summary>
    [Test]
    public void IsAsGoodAsTheStandard(
        [Values("condition 1e4", "rank 3", "huge", "tiny", "one large value")] string kind,
        [Values("Muon", "PolarExpress", "PolarExpressFive")] string set,
        [Values(NewtonSchulzPrecision.BFloat16, NewtonSchulzPrecision.Float16)] NewtonSchulzPrecision precision)
    {
        const int Rows = 24, Columns = 64;
        var input = Matrix(kind, Rows, Columns);
        var coefficients = NewtonSchulzCoefficients.All.Single(each => each.Name == set);
        var exact = ReferenceMatrix.Flatten(ReferenceMatrix.Orthogonalize(
            ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(input, Rows, Columns), value => (double)value),
            Enumerable.Range(0, coefficients.DefaultSteps).Select(step => (coefficients[step].A, coefficients[step].B, coefficients[step].C)),
            coefficients.NormScale));
        var options = new NewtonSchulzOptions { Coefficients = coefficients, Epsilon = 1e-30, Precision = precision };
        var gram = Orthogonalize(input, Rows, Columns, options with { Method = NewtonSchulzMethod.Gram });
        var single = Orthogonalize(input, Rows, Columns, options with { Precision = NewtonSchulzPrecision.Float32 });
        var bfloat16 = Orthogonalize(input, Rows, Columns, options with { Precision = NewtonSchulzPrecision.BFloat16 });
        Assert.That(Distance(gram), Is.LessThanOrEqualTo(Distance(bfloat16)), "than in bfloat16");
        Assert.That(Distance(gram), Is.LessThanOrEqualTo(Distance(single) + GramRestarts.ToleranceOf(options.WorkTypeOf(NewtonSchulzMethod.Gram))), "than in float32");
        Assert.That(Deviation(gram), Is.LessThanOrEqualTo(Deviation(single) + GramRestarts.ToleranceOf(ElementType.Float32)));

        double Distance(float[] values) => values.Zip(exact, (a, b) => Math.Abs(a - b)).Max();

        // How far singular values are from 1 in the mean: of those near zero it is as much as the coefficients leave.
        double Deviation(float[] values)
        {
            var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(values, Rows, Columns), value => (double)value);
            return Eigenvalues.Of(ReferenceMatrix.Multiply(x, ReferenceMatrix.Transpose(x))).Average(value => Math.Abs(Math.Sqrt(Math.Max(0, value)) - 1));
        }
    }

    [Test]
    public void TheTransposesResultIsTheTransposeAndABatchIsItsMatrices([Values("5x33", "40x70")] string shape)
    {
        var (rows, columns) = (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]));
        var inputs = Enumerable.Range(0, 3).Select(seed => ReferenceMatrix.Map(ReferenceMatrix.Random(rows, columns, 9 + seed), value => (float)value)).ToArray();
        var together = Orthogonalize([.. inputs.SelectMany(ReferenceMatrix.Flatten)], rows, columns, _gram);
        for (var i = 0; i < inputs.Length; i++)
        {
            var alone = Orthogonalize(ReferenceMatrix.Flatten(inputs[i]), rows, columns, _gram);
            Bits.AreEqual<float>(together.AsSpan(i * alone.Length, alone.Length), alone, $"matrix {i}");
            var transposed = Orthogonalize(ReferenceMatrix.Flatten(ReferenceMatrix.Transpose(inputs[i])), columns, rows, _gram);
            Bits.AreEqual<float>(ReferenceMatrix.Flatten(ReferenceMatrix.Transpose(ReferenceMatrix.Unflatten<float>(transposed, columns, rows))), alone, "transpose");
        }
    }

    /// <summary>All devices compute the same bits where tensor cores have no part in it.</summary>
    [Test]
    public void EveryDeviceComputesTheSameBits(
        [Values("Muon", "Cubic", "PolarExpressFive")] string set, [Values(NewtonSchulzPrecision.Float32, NewtonSchulzPrecision.Float16)] NewtonSchulzPrecision precision)
    {
        var input = ReferenceMatrix.Flatten(ReferenceMatrix.Map(ReferenceMatrix.Random(37, 90, 5), value => (float)value));
        var options = _gram with { Coefficients = NewtonSchulzCoefficients.All.Single(each => each.Name == set), Precision = precision };
        using var simd = new SimdDevice(threads: 1, vectorBits: 32);
        Bits.AreEqual<float>(Orthogonalize(input, 37, 90, options), Orthogonalize(input, 37, 90, options, simd), set);
    }

    /// <summary>Float16 is rounded to after the norm: neither huge gradients nor tiny ones leave its range.</summary>
    [Test]
    public void OptimizersTrainWithFloat16([Values] bool isNormal, [Values(1e-25f, 1e15f)] float scale)
    {
        const int Rows = 12, Columns = 70, Steps = 20;
        float[] target = [.. ReferenceMatrix.Flatten(ReferenceMatrix.Orthogonalize(ReferenceMatrix.Random(Rows, Columns, 3), Enumerable.Repeat((1.5, -0.5, 0.0), 30))).Select(value => (float)value)];
        using var weight = _device.CreateParameter<float>("w", [Rows, Columns], new float[Rows * Columns]);
        var options = _gram with { Precision = NewtonSchulzPrecision.Float16, Epsilon = 0 };
        using Optimizer optimizer = isNormal
            ? new NorMuon([weight], new() { LearningRate = 0.1, WeightDecay = 0, Momentum = 0.5, NewtonSchulz = options })
            : new Muon([weight], new() { LearningRate = 0.1, WeightDecay = 0, Momentum = 0.5, NewtonSchulz = options });
        for (var step = 0; step < Steps; step++)
        {
            weight.Gradient.CopyFrom([.. weight.Data.ToArray().Zip(target, (own, wanted) => scale * (own - wanted))]);
            optimizer.Step();
        }
        Assert.That(Math.Sqrt(weight.Data.ToArray().Zip(target, (own, wanted) => (own - wanted) * (own - wanted)).Sum()), Is.LessThan(0.3 * Math.Sqrt(Rows)));
    }

    [Test]
    public void ZeroStaysZeroAndNaNIsSeen([Values] NewtonSchulzPrecision precision)
    {
        var options = _gram with { Precision = precision };
        Assert.That(Orthogonalize(new float[6 * 9], 6, 9, options), Is.All.EqualTo(0f));
        var input = new float[6 * 9];
        input[7] = float.NaN;
        Assert.That(Orthogonalize(input, 6, 9, options), Has.Some.NaN);
    }

    /// <summary>What a device says of orthogonality is what the results have.</summary>
    [Test]
    public void DeviationsAreThoseOfTheResults([Values("5x33", "40x17")] string shape, [Values] NewtonSchulzMethod method)
    {
        const int Count = 3;
        var (rows, columns) = (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]));
        float[] input = [.. Enumerable.Range(0, Count).SelectMany(seed => ReferenceMatrix.Flatten(ReferenceMatrix.Random(rows, columns, seed)).Select(value => (float)value))];
        input[^1] = float.NaN;
        using var source = _device.CreateBuffer<float>(input);
        using var deviations = _device.CreateBuffer<float>(Count);
        _device.Orthogonalize(source, source, rows, columns, new() { Method = method, Precision = NewtonSchulzPrecision.Float32 }, deviations);
        var actual = deviations.ToArray();
        Assert.That(actual[^1], Is.NaN);
        for (var i = 0; i < Count - 1; i++)
        {
            var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(source.ToArray().AsSpan(i * rows * columns, rows * columns).ToArray(), rows, columns), value => (double)value);
            var squares = rows > columns ? ReferenceMatrix.Multiply(ReferenceMatrix.Transpose(x), x) : ReferenceMatrix.Multiply(x, ReferenceMatrix.Transpose(x));
            var order = squares.GetLength(0);
            for (var j = 0; j < order; j++)
                squares[j, j]--;
            Assert.That(actual[i], Is.EqualTo(ReferenceMatrix.Flatten(squares).Max(Math.Abs)).Within(1e-5));
        }
        Assert.That(
            () => _device.Orthogonalize(source, source, rows, columns, null, source),
            Throws.ArgumentException.With.Message.Contains($"deviations must have a number for each of {Count} matrices"));
    }

    private static float[] Matrix(string kind, int rows, int columns)
    {
        var random = new Random(11);
        // Orthonormal rows of a random matrix, scaled, and mixed by another.
        var wide = ReferenceMatrix.Orthogonalize(ReferenceMatrix.Random(rows, columns, 21), Enumerable.Repeat((1.5, -0.5, 0.0), 40));
        var square = ReferenceMatrix.Orthogonalize(ReferenceMatrix.Random(rows, rows, 22), Enumerable.Repeat((1.5, -0.5, 0.0), 60));
        for (var row = 0; row < rows; row++)
        {
            var value = kind switch
            {
                "condition 1e4" => Math.Pow(1e-4, (double)row / (rows - 1)),
                "rank 3" => row < 3 ? 1 + row : 0,
                "huge" => 1e18 * (1 + random.NextDouble()),
                "tiny" => 1e-18 * (1 + random.NextDouble()),
                _ => row == 0 ? 1000 : 1,
            };
            for (var column = 0; column < columns; column++)
                wide[row, column] *= value;
        }
        return [.. ReferenceMatrix.Flatten(ReferenceMatrix.Multiply(square, wide)).Select(value => (float)value)];
    }

    private static void AssertOrthonormal(float[] values, int rows, int columns, double tolerance)
    {
        var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(values, rows, columns), value => (double)value);
        var squares = ReferenceMatrix.Multiply(x, ReferenceMatrix.Transpose(x));
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < rows; j++)
                Assert.That(squares[i, j], Is.EqualTo(i == j ? 1 : 0).Within(tolerance));
        }
    }

    private float[] Orthogonalize(float[] input, int rows, int columns, NewtonSchulzOptions options, Device? on = null)
    {
        var device = on ?? _device;
        using var source = device.CreateBuffer<float>(input);
        using var result = device.CreateBuffer<float>(input.Length);
        device.Orthogonalize(source, result, rows, columns, options);
        return result.ToArray();
    }
}
