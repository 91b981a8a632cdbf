namespace VirtualCard.Execution;

/// <summary>How the sum of a tensor core's products is rounded.</summary>
public enum MmaRounding
{
    /// <summary>Exact, then once to nearest.</summary>
    Nearest,

    /// <summary>Exact, then once towards zero.</summary>
    TowardZero,

    /// <summary>A rough model of the hardware: aligned to the largest exponent, truncated, in blocks.</summary>
    Hardware,
}
