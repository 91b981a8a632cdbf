using System.Globalization;

namespace GpuOptim.Kernels;

/// <summary>
/// The polynomials that Newton-Schulz applies step by step: a published set, or one's own. Each takes singular values between a lower bound
/// and 1 near 1; some on purpose not quite, but in fewer steps.
/// </summary>
/// <remarks>Matrices are first divided by their Frobenius norm, times <see cref="NormScale"/>, so that no singular value exceeds 1.</remarks>
public sealed record NewtonSchulzCoefficients
{
    private NewtonSchulzCoefficients(string name, string source, NewtonSchulzStep[] steps)
    {
        Name = name;
        Source = source;
        Steps = steps;
        DefaultSteps = steps.Length;
    }

    /// <summary>
    /// Muon's: one quintic, steepest at zero; five steps bring values above 0.01 to between 0.7 and 1.2. PyTorch's default.
    /// Source: K. Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/.
    /// </summary>
    public static NewtonSchulzCoefficients Muon { get; } = new("Muon", "https://kellerjordan.github.io/posts/muon/", [new(3.4445, -4.7750, 2.0315)]) { DefaultSteps = 5 };

    /// <summary>
    /// The five quintics of modded-nanogpt, each fitted to what the one before leaves.
    /// Source: Y. Jiacheng, 2025, https://x.com/YouJiacheng/status/1905861218138804534; F. Cesista, https://leloykun.github.io/ponder/muon-opt-coeffs/.
    /// </summary>
    public static NewtonSchulzCoefficients ModdedNanoGpt { get; } = new(
        "ModdedNanoGpt",
        "https://leloykun.github.io/ponder/muon-opt-coeffs/",
        [new(4.0848, -6.8946, 2.9270), new(3.9505, -6.3029, 2.6377), new(3.7418, -5.5913, 2.3037), new(2.8769, -3.1427, 1.2046), new(2.8366, -3.0525, 1.2012)]);

    /// <summary>
    /// The classical cubic, 1.5 σ - 0.5 σ³: two products a step instead of three, and exact in the limit, but slow for small values.
    /// Source: Å. Björck and C. Bowie, 1971, <i>An iterative algorithm for computing the best estimate of an orthogonal matrix</i>.
    /// </summary>
    public static NewtonSchulzCoefficients Cubic { get; } = new("Cubic", "Björck and Bowie, SIAM J. Numer. Anal. 8 (2), 1971", [new(1.5, -0.5, 0)]) { DefaultSteps = 20 };

    /// <summary>
    /// Five cubics for a relaxed band of singular values around 1, with bfloat16 in mind: two products a step.
    /// Source: arXiv:2606.00371.
    /// </summary>
    public static NewtonSchulzCoefficients RelaxedCubic { get; } = new(
        "RelaxedCubic",
        "arXiv:2606.00371",
        [new(3.3656576, -3.3420992, 0), new(2.5744352, -1.4957376, 0), new(2.5368962, -1.4312570, 0), new(2.4418906, -1.2764040, 0), new(2.2230472, -0.9630650, 0)]);

    /// <summary>
    /// Polar Express: the best quintic for what each step is given, for values above 0.001, with a safety factor of 1.01 on all but the last
    /// and on the norm; then the last, which converges, is repeated.
    /// Source: N. Amsel et al., 2025, arXiv:2505.16932, algorithm 1 and listing 1.
    /// </summary>
    public static NewtonSchulzCoefficients PolarExpress { get; } = new(
        "PolarExpress",
        "arXiv:2505.16932",
        [
            Cautious(8.28721201814563, -23.595886519098837, 17.300387312530933),
            Cautious(4.107059111542203, -2.9478499167379106, 0.5448431082926601),
            Cautious(3.9486908534822946, -2.908902115962949, 0.5518191394370137),
            Cautious(3.3184196573706015, -2.488488024314874, 0.51004894012372),
            Cautious(2.300652019954817, -1.6689039845747493, 0.4188073119525673),
            Cautious(1.891301407787398, -1.2679958271945868, 0.37680408948524835),
            Cautious(1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
            new(1.875, -1.25, 0.375),
        ])
    {
        DefaultSteps = 5,
        RepeatsLast = true,
        NormScale = 1.01,
    };

    /// <summary>
    /// Polar Express as it is trained with: five quintics made for exactly five steps, for rounded numbers a little less steep, with a safety factor of 1.02
    /// on all but the last and on the norm. <see cref="PolarExpressFor"/> (5, 0.001, 1.02, 0.02).
    /// Source: microsoft/dion and modded-nanogpt, 2025; arXiv:2505.16932.
    /// </summary>
    public static NewtonSchulzCoefficients PolarExpressFive { get; } = new(
        "PolarExpressFive",
        "https://github.com/microsoft/dion",
        [
            new(8.156554524902461, -22.48329292557795, 15.878769915207462),
            new(4.042929935166739, -2.808917465908714, 0.5000178451051316),
            new(3.8916678022926607, -2.772484153217685, 0.5060648178503393),
            new(3.285753657755655, -2.3681294933425376, 0.46449024233003106),
            new(2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
        ])
    {
        NormScale = 1.02,
    };

    /// <summary>
    /// CANS: Chebyshev-type quintics by Remez' algorithm on the interval that each step is given; the last is repeated. The first are so
    /// steep at 1 that rounding to bfloat16 shows: take <see cref="NewtonSchulzPrecision.Float32"/>, or <see cref="PolarExpress"/>.
    /// Source: E. Grishina et al., 2025, arXiv:2506.10935.
    /// </summary>
    public static NewtonSchulzCoefficients Cans { get; } = new(
        "Cans",
        "arXiv:2506.10935",
        [new(8.4703, -25.1081, 18.6293), new(4.1828, -3.1087, 0.5806), new(3.9619, -2.9541, 0.5630), new(3.2866, -2.4647, 0.5074), new(2.2737, -1.6447, 0.4162)])
    {
        RepeatsLast = true,
    };

    /// <summary>
    /// The four quintics of Turbo-Muon, here after the Frobenius norm and without the AOL preconditioner that they were fitted to. Small
    /// values come less near to 1 than there, and a value above 0.88 of the norm, which only a matrix of nearly rank one has, changes sign.
    /// Source: T. Boissin et al., 2025, arXiv:2512.04632.
    /// </summary>
    public static NewtonSchulzCoefficients AolWithoutPreconditioner { get; } = new(
        "AolWithoutPreconditioner",
        "arXiv:2512.04632",
        [new(4.0098, -7.0585, 2.4635), new(3.4585, -5.5479, 2.5959), new(2.7573, -3.2939, 1.4254), new(2.7215, -3.0494, 1.3169)]);

    /// <summary>
    /// DeepSeek V4's: eight of Muon's quintics, then two that converge, (2, -1.5, 0.5); the last is repeated.
    /// Source: DeepSeek-AI, 2026, <i>DeepSeek-V4</i> technical report.
    /// </summary>
    public static NewtonSchulzCoefficients DeepSeekV4 { get; } = new(
        "DeepSeekV4",
        "https://huggingface.co/deepseek-ai/DeepSeek-V4-Pro",
        [.. Enumerable.Repeat(new NewtonSchulzStep(3.4445, -4.7750, 2.0315), 8), .. Enumerable.Repeat(new NewtonSchulzStep(2, -1.5, 0.5), 2)])
    {
        RepeatsLast = true,
    };

    /// <summary>All published sets.</summary>
    public static IReadOnlyList<NewtonSchulzCoefficients> All { get; } =
        [Muon, ModdedNanoGpt, Cubic, RelaxedCubic, PolarExpress, PolarExpressFive, Cans, AolWithoutPreconditioner, DeepSeekV4];

    /// <summary>What the set is called.</summary>
    public string Name { get; }

    /// <summary>Where it was published.</summary>
    public string Source { get; }

    /// <summary>The steps that are listed.</summary>
    public IReadOnlyList<NewtonSchulzStep> Steps { get; }

    /// <summary>How many steps are taken if nobody says otherwise.</summary>
    public int DefaultSteps { get; private init; }

    /// <summary>Whether steps beyond those listed repeat the last, or begin again with the first.</summary>
    public bool RepeatsLast { get; private init; }

    /// <summary>What the Frobenius norm is multiplied by before it divides: a margin for rounding.</summary>
    public double NormScale { get; private init; } = 1;

    /// <summary>Coefficients of one's own.</summary>
    /// <param name="steps">The steps, at least one.</param>
    /// <param name="repeatLast">Whether steps beyond those given repeat the last, or begin again with the first.</param>
    /// <param name="normScale">What the Frobenius norm is multiplied by before it divides; above 0.</param>
    /// <exception cref="ArgumentException">There is no step, or a number is not finite.</exception>
    public static NewtonSchulzCoefficients Custom(IReadOnlyList<NewtonSchulzStep> steps, bool repeatLast = false, double normScale = 1)
    {
        ArgumentNullException.ThrowIfNull(steps);
        if (steps.Count == 0)
            throw new ArgumentException("steps must hold at least one step. Actual number was 0.", nameof(steps));
        foreach (var step in steps)
        {
            if (!double.IsFinite(step.A) || !double.IsFinite(step.B) || !double.IsFinite(step.C))
                throw new ArgumentException($"Coefficients must be finite. Actual step was {step}.", nameof(steps));
        }
        if (!(normScale > 0) || !double.IsFinite(normScale))
            throw new ArgumentOutOfRangeException(nameof(normScale), normScale, "normScale must be finite and above 0.");
        return new("Custom", "", [.. steps]) { RepeatsLast = repeatLast, NormScale = normScale };
    }

    /// <summary>Polar Express's polynomials for a number of steps and a range of singular values: together the nearest to 1 that so many quintics come.</summary>
    /// <param name="steps">How many; in [1, 99]. Steps beyond them repeat the last.</param>
    /// <param name="smallest">The smallest singular value, as a part of the matrix's Frobenius norm, that is to come near 1; in [1e-9, 1).</param>
    /// <param name="safety">What rounding may take singular values above the range by, as a factor; on all polynomials but the last, and on the norm. In [1, 2).</param>
    /// <param name="cushion">No polynomial is made steeper than for a range that begins at this part of its end; in [0, 1).</param>
    /// <remarks>Source: N. Amsel et al., 2025, arXiv:2505.16932, algorithm 1, whose cushion is the default here.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public static NewtonSchulzCoefficients PolarExpressFor(int steps, double smallest = 1e-3, double safety = 1.01, double cushion = 0.02407327424182761)
    {
        if (steps is < 1 or > 99)
            throw new ArgumentOutOfRangeException(nameof(steps), steps, "steps must be in [1, 99].");
        if (!(smallest >= 1e-9 && smallest < 1))
            throw new ArgumentOutOfRangeException(nameof(smallest), smallest, "smallest must be in [1e-9, 1).");
        if (!(safety >= 1 && safety < 2))
            throw new ArgumentOutOfRangeException(nameof(safety), safety, "safety must be in [1, 2).");
        if (!(cushion >= 0 && cushion < 1))
            throw new ArgumentOutOfRangeException(nameof(cushion), cushion, "cushion must be in [0, 1).");
        return new(
            string.Create(CultureInfo.InvariantCulture, $"PolarExpressFor({steps}, {smallest}, {safety}, {cushion:G4})"),
            "arXiv:2505.16932",
            PolarExpressPolynomials.Compose(steps, smallest, safety, cushion))
        {
            RepeatsLast = true,
            NormScale = safety,
        };
    }

    /// <summary>The coefficients of a step, counted from 0.</summary>
    /// <param name="step">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public NewtonSchulzStep this[int step]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(step);
            return Steps[RepeatsLast ? Math.Min(step, Steps.Count - 1) : step % Steps.Count];
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>A polynomial of σ / 1.01, so that a value that rounding has taken above 1 does not escape.</summary>
    private static NewtonSchulzStep Cautious(double a, double b, double c) => new(a / 1.01, b / Math.Pow(1.01, 3), c / Math.Pow(1.01, 5));
}
