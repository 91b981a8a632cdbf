namespace GpuOptim.Kernels;

/// <summary>How matrices are orthogonalized; PyTorch's defaults.</summary>
public sealed record NewtonSchulzOptions
{
    /// <summary>The polynomials, step by step. PyTorch: <c>ns_coefficients</c>.</summary>
    public NewtonSchulzCoefficients Coefficients { get; init => field = value ?? throw new ArgumentNullException(nameof(Coefficients)); } = NewtonSchulzCoefficients.Muon;

    /// <summary>How many steps are taken, 1 to 99; null for as many as the coefficients ask. PyTorch: <c>ns_steps</c>, 5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int? Steps
    {
        get;
        init => field = value is null or (>= 1 and < 100) ? value : throw new ArgumentOutOfRangeException(nameof(Steps), value, "Steps must be in [1, 99].");
    }

    /// <summary>A matrix is divided by its norm, or by this if that is smaller; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(Epsilon), value, "Epsilon must be finite and at least 0.");
    }
    = 1e-7;

    /// <summary>What is iterated on. PyTorch knows the standard alone.</summary>
    public NewtonSchulzMethod Method { get; init; }

    /// <summary>What matrices are rounded to between operations; <see cref="NewtonSchulzMethod.Gram"/> computes in float32 where that is bfloat16.</summary>
    public NewtonSchulzPrecision Precision { get; init; }

    /// <summary>The steps as devices take them.</summary>
    internal NewtonSchulzSteps Plan
    {
        get
        {
            var steps = AllSteps;
            return new(steps, Coefficients.NormScale, Epsilon, Method == NewtonSchulzMethod.Standard ? [] : GramRestarts.Of(steps, WorkTypeOf(NewtonSchulzMethod.Gram), LargestValue));
        }
    }

    private NewtonSchulzStep[] AllSteps => [.. Enumerable.Range(0, Steps ?? Coefficients.DefaultSteps).Select(step => Coefficients[step])];

    /// <summary>The most that a singular value is at first; 1 unless the norm is made smaller than it is.</summary>
    private double LargestValue => Math.Max(1, 1 / Coefficients.NormScale);

    /// <summary>A type that holds directions exactly as they are orthogonalized.</summary>
    internal ElementType DirectionType => WorkTypeOf(Method == NewtonSchulzMethod.Standard ? Method : NewtonSchulzMethod.Gram);

    /// <summary>The element type of matrices between operations of a method.</summary>
    internal ElementType WorkTypeOf(NewtonSchulzMethod method) => Precision switch
    {
        NewtonSchulzPrecision.BFloat16 when method == NewtonSchulzMethod.Standard => ElementType.BFloat16,
        NewtonSchulzPrecision.Float16 => ElementType.Float16,
        _ => ElementType.Float32,
    };

    /// <summary>Refuses coefficients whose numbers the precision has no room for.</summary>
    internal void Validate()
    {
        if (Precision == NewtonSchulzPrecision.Float16 && GramRestarts.LeastRange(AllSteps, ElementType.Float16, LargestValue) is var largest && !(largest <= GramRestarts.LargestFloat16))
            throw new ArgumentException($"Coefficients must keep all numbers within {GramRestarts.LargestFloat16} where Precision is {Precision}. Those of '{Coefficients.Name}' reach {largest:G4}.", nameof(Coefficients));
    }
}
