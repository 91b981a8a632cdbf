using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels;

/// <summary>Orthogonalization against PyTorch's recorded results, the polynomials in double, and the exact polar factor.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class NewtonSchulzTests(TestDevice testDevice)
{
    private Device _device = null!;

    private static IEnumerable<string> Recorded => Directory
        .EnumerateFiles(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "NewtonSchulz"), "*.safetensors")
        .Select(path => Path.GetFileNameWithoutExtension(path))
        .Order(StringComparer.Ordinal);

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    [TestCaseSource(nameof(Recorded))]
    public void EqualsPyTorchBitForBit(string name)
    {
        var (file, input, rows, columns) = Load(name);
        using var source = _device.CreateBuffer<float>(input);
        using var result = _device.CreateBuffer<float>(input.Length);
        _device.Orthogonalize(source, result, rows, columns);
        Bits.AreEqual<float>(result.ToArray(), [.. file.Values<BFloat16>("quintic5_bf16").Select(value => (float)value)], name);
        Bits.AreEqual<float>(source.ToArray(), input, "the source");
    }

    [TestCaseSource(nameof(Recorded))]
    public void InFloatItIsThePolynomial(string name)
    {
        var (file, input, rows, columns) = Load(name);
        AssertClose(Orthogonalize(input, rows, columns, new() { Precision = NewtonSchulzPrecision.Float32 }), file.Values<float>("quintic5_f64"), 5e-5);
        AssertClose(Orthogonalize(input, rows, columns, new() { Precision = NewtonSchulzPrecision.Float32, Coefficients = NewtonSchulzCoefficients.Cubic, Steps = 20 }), file.Values<float>("cubic20_f64"), 5e-5);
    }

    /// <summary>Where no singular value is tiny, a polynomial that converges ends at the polar factor.</summary>
    [TestCase("ns.300x20.gauss")]
    [TestCase("ns.128x64.gauss")]
    [TestCase("ns.64x128.gauss")]
    [TestCase("ns.1x8.huge")]
    public void ConvergesToThePolarFactor(string name)
    {
        var (file, input, rows, columns) = Load(name);
        foreach (var coefficients in new[] { NewtonSchulzCoefficients.Cubic, NewtonSchulzCoefficients.PolarExpress, NewtonSchulzCoefficients.DeepSeekV4 })
        {
            var result = Orthogonalize(input, rows, columns, new() { Precision = NewtonSchulzPrecision.Float32, Coefficients = coefficients, Steps = 30 });
            AssertClose(result, file.Values<float>("polar_f64"), 1e-5);
        }
    }

    [Test]
    public void EveryCoefficientSetIsItsPolynomial([ValueSource(typeof(NewtonSchulzCoefficients), nameof(NewtonSchulzCoefficients.All))] NewtonSchulzCoefficients coefficients, [Values] bool tall)
    {
        var (rows, columns) = tall ? (40, 24) : (24, 40);
        var matrix = ReferenceMatrix.Random(rows, columns, 7);
        float[] input = [.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)];
        var steps = coefficients.DefaultSteps;
        var expected = ReferenceMatrix.Flatten(ReferenceMatrix.Orthogonalize(
            matrix, Enumerable.Range(0, steps).Select(step => (coefficients[step].A, coefficients[step].B, coefficients[step].C)), coefficients.NormScale));

        AssertClose(Orthogonalize(input, rows, columns, new() { Coefficients = coefficients, Precision = NewtonSchulzPrecision.Float32 }), [.. expected.Select(value => (float)value)], 5e-5);
        // CANS' first polynomials are so steep at 1 that bfloat16's rounding of the largest singular values grows to this.
        var tolerance = coefficients == NewtonSchulzCoefficients.Cans ? 0.5 : 0.05;
        AssertClose(Orthogonalize(input, rows, columns, new() { Coefficients = coefficients }), [.. expected.Select(value => (float)value)], tolerance);
    }

    /// <summary>The check of the notebook that this library grew from.</summary>
    [Test]
    public void ColumnsBecomeNearlyOrthonormal()
    {
        var input = ReferenceMatrix.Map(ReferenceMatrix.Random(128, 64, 8), value => (float)value);
        var x = ReferenceMatrix.Map(ReferenceMatrix.Unflatten<float>(Orthogonalize(ReferenceMatrix.Flatten(input), 128, 64, new()), 128, 64), value => (double)value);
        var gram = ReferenceMatrix.Multiply(ReferenceMatrix.Transpose(x), x);
        for (var i = 0; i < 64; i++)
        {
            for (var j = 0; j < 64; j++)
                Assert.That(gram[i, j], i == j ? Is.InRange(0.5, 1.5) : Is.InRange(-0.2, 0.2));
        }
    }

    [Test]
    public void TheTransposesResultIsTheTranspose([Values(1, 5, 33)] int rows, [Values(1, 8, 70)] int columns)
    {
        var input = ReferenceMatrix.Map(ReferenceMatrix.Random(rows, columns, 9), value => (float)value);
        foreach (var precision in Enum.GetValues<NewtonSchulzPrecision>())
        {
            var direct = Orthogonalize(ReferenceMatrix.Flatten(input), rows, columns, new() { Precision = precision });
            var transposed = Orthogonalize(ReferenceMatrix.Flatten(ReferenceMatrix.Transpose(input)), columns, rows, new() { Precision = precision });
            if (rows != columns)
                Bits.AreEqual<float>(ReferenceMatrix.Flatten(ReferenceMatrix.Transpose(ReferenceMatrix.Unflatten<float>(transposed, columns, rows))), direct, "transpose");
        }
    }

    [Test]
    public void ABatchIsItsMatrices([Values(1, 2, 7)] int count)
    {
        var input = ReferenceMatrix.Flatten(ReferenceMatrix.Map(ReferenceMatrix.Random(count * 12, 30, 10), value => (float)value));
        var together = Orthogonalize(input, 12, 30, new());
        for (var i = 0; i < count; i++)
            Bits.AreEqual<float>(Orthogonalize(input[(i * 360)..((i + 1) * 360)], 12, 30, new()), together.AsSpan(i * 360, 360), $"matrix {i}");
    }

    [Test]
    public void ScaleHardlyMatters([Values(1e-12, 1e12)] double scale)
    {
        var matrix = ReferenceMatrix.Random(30, 50, 11);
        float[] unit = [.. ReferenceMatrix.Flatten(matrix).Select(value => (float)value)], scaled = [.. unit.Select(value => (float)(value * scale))];
        // The norm of the smallest lies below PyTorch's epsilon.
        var options = new NewtonSchulzOptions { Precision = NewtonSchulzPrecision.Float32, Epsilon = 1e-30 };
        AssertClose(Orthogonalize(scaled, 30, 50, options), Orthogonalize(unit, 30, 50, options), 1e-4);
    }

    [Test]
    public void ZeroStaysZeroAndNothingBecomesNaN() =>
        Assert.That(Orthogonalize(new float[6 * 9], 6, 9, new()), Is.All.EqualTo(0f));

    [Test]
    public void EveryElementTypeAndInPlace()
    {
        var input = ReferenceMatrix.Flatten(ReferenceMatrix.Map(ReferenceMatrix.Random(10, 14, 12), value => (float)(BFloat16)value));
        var expected = Orthogonalize(input, 10, 14, new());
        using var brain = _device.CreateBuffer<BFloat16>([.. input.Select(value => (BFloat16)value)]);
        using var half = _device.CreateBuffer<Half>([.. input.Select(value => (Half)value)]);
        _device.Orthogonalize(brain, brain, 10, 14);
        _device.Orthogonalize(half, half, 10, 14);
        Assert.That(brain.ToArray().Select(value => (float)value), Is.EqualTo(expected));
        Assert.That(half.ToArray().Select(value => (float)value), Is.EqualTo(expected).Within(1e-2));
    }

    [Test]
    public void WrongUseIsRefused()
    {
        using var ten = _device.CreateBuffer<float>(10);
        using var twelve = _device.CreateBuffer<float>(12);
        using var other = new SimdDevice();
        using var elsewhere = other.CreateBuffer<float>(12);
        Assert.That(() => _device.Orthogonalize(ten, ten, 3, 4), Throws.ArgumentException.With.Message.Contains("source must hold a whole number of 3 x 4 matrices. Actual length was 10."));
        Assert.That(() => _device.Orthogonalize(twelve, ten, 3, 4), Throws.ArgumentException.With.Message.Contains("destination must have 12 elements, as source has. Actual length was 10."));
        Assert.That(() => _device.Orthogonalize(twelve, elsewhere, 3, 4), Throws.ArgumentException.With.Message.Contains("Both buffers must lie on device"));
        Assert.That(() => _device.Orthogonalize(twelve, twelve, 0, 4), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("rows"));
        Assert.That(() => new NewtonSchulzOptions { Steps = 100 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Steps must be in [1, 99].").And.Message.EndsWith("Actual value was 100."));
        Assert.That(() => new NewtonSchulzOptions { Epsilon = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Epsilon must be finite and at least 0."));
        Assert.That(() => new NewtonSchulzOptions { Coefficients = null! }, Throws.ArgumentNullException);
        Assert.That(() => NewtonSchulzCoefficients.Custom([]), Throws.ArgumentException.With.Message.Contains("steps must hold at least one step."));
        Assert.That(() => NewtonSchulzCoefficients.Custom([new(1, double.NaN, 0)]), Throws.ArgumentException.With.Message.Contains("Coefficients must be finite."));
        Assert.That(() => NewtonSchulzCoefficients.Custom([new(1, 0, 0)], normScale: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("normScale must be finite and above 0."));
    }

    private static (SafetensorsFile File, float[] Input, int Rows, int Columns) Load(string name)
    {
        var file = new SafetensorsFile(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "NewtonSchulz", name + ".safetensors"));
        var shape = file.Shape("input");
        return (file, file.Values<float>("input"), (int)shape[0], (int)shape[1]);
    }

    private static void AssertClose(float[] actual, float[] expected, double tolerance) =>
        Assert.That(actual.Zip(expected, (a, b) => Math.Abs((double)a - b)).Max(), Is.LessThanOrEqualTo(tolerance));

    private float[] Orthogonalize(float[] input, int rows, int columns, NewtonSchulzOptions options)
    {
        using var source = _device.CreateBuffer<float>(input);
        using var result = _device.CreateBuffer<float>(input.Length);
        _device.Orthogonalize(source, result, rows, columns, options);
        return result.ToArray();
    }
}
