namespace GpuOptim.Optimizers;

/// <summary>How the learning rate of <see cref="Muon"/> and <see cref="NorMuon"/> follows the shape of a matrix. The weight decay uses the rate as it is given.</summary>
public enum LearningRateAdjustment
{
    /// <summary><c>lr * sqrt(max(1, rows / columns))</c>: updates of equal effect on the layer's output. Source: K. Jordan et al., 2024.</summary>
    Original,

    /// <summary><c>lr * 0.2 * sqrt(max(rows, columns))</c>: updates as large as AdamW's, so its rates can be taken over. Source: J. Liu et al., 2025, arXiv:2502.16982.</summary>
    MatchRmsAdamW,

    /// <summary><c>lr * sqrt(rows / columns)</c>: as the first, for wide matrices, too. Source: J. Bernstein, 2025, https://jeremybernste.in/writing/deriving-muon.</summary>
    SpectralUnclamped,

    /// <summary><c>lr</c>, whatever the shape.</summary>
    None,
}
