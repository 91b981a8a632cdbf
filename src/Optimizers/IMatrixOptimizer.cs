using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>An optimizer that updates matrices by directions, which somebody else may apply.</summary>
internal interface IMatrixOptimizer
{
    /// <summary>
    /// Where the direction of a parameter goes, in the type that <see cref="MuonOptionsBase.DirectionType"/> says, for somebody else to apply; null, as at first,
    /// to update the parameter with it.
    /// </summary>
    Func<Parameter, nint>? DirectionAddress { get; set; }
}
