namespace GpuOptim.Optimizers;

/// <summary>What a <see cref="StateColumn"/> is.</summary>
internal enum StateColumnKind
{
    /// <summary>A slot's numbers.</summary>
    Numbers,

    /// <summary>The scales of a slot's blocks.</summary>
    Scales,

    /// <summary>What a <see cref="ParameterRounding"/> keeps of each element.</summary>
    Rest,
}
