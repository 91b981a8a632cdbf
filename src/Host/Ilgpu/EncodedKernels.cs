using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Encodings;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Finds kernels of encoded updates. There are too many to list; a program has those that it makes use of.</summary>
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only devices of ILGPU's get here, and those ask for dynamic code.")]
internal static class EncodedKernels
{
    private const string Alone = "RunAlone", Together = "Run";

    /// <summary>That of the fused update by a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="types">The types.</param>
    /// <param name="isAlone">Whether groups are of one thread.</param>
    public static MethodInfo Update(Type rule, UpdateTypes types, bool isAlone) => Method(
        typeof(EncodedUpdateKernel<,,,,,,>), isAlone, rule, Format(types.Element), Parameter(types), Format(types.Gradient), State(types, 0), State(types, 1), State(types, 2));

    /// <summary>That of the first half of an update that orthogonalizes.</summary>
    /// <inheritdoc cref="Update"/>
    public static MethodInfo Momentum(Type rule, UpdateTypes types, bool isAlone) =>
        Method(typeof(EncodedMomentumKernel<,,,>), isAlone, rule, Format(types.Element), Format(types.Gradient), State(types, 0));

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "Kernels are compiled, and nothing is compiled where the program was trimmed.")]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The same.")]
    private static MethodInfo Method(Type kernel, bool isAlone, params Type[] types) =>
        kernel.MakeGenericType(types).GetMethod(isAlone ? Alone : Together, BindingFlags.Static | BindingFlags.Public)!;

    private static Type Parameter(UpdateTypes types) => types.Rounding switch
    {
        ParameterRounding.Nearest => typeof(GpuFormat<>).MakeGenericType(Format(types.Element)),
        ParameterRounding.Stochastic => typeof(GpuElements<StochasticBFloat16>),
        ParameterRounding.Kahan => typeof(GpuElements<KahanBFloat16>),
        ParameterRounding.MasterRemainder => typeof(GpuElements<RemainderBFloat16>),
        _ => types.Element == ElementType.BFloat16 ? typeof(GpuElements<MasterCopy<BFloat16Format>>) : typeof(GpuElements<MasterCopy<Float16Format>>),
    };

    private static Type State(UpdateTypes types, int index) => (types.Encoding, (types.NonNegative >> index & 1) != 0) switch
    {
        (StateEncoding.None, _) => typeof(GpuFormat<>).MakeGenericType(Format(types.State)),
        (StateEncoding.StochasticBFloat16, _) => typeof(GpuElements<StochasticBFloat16>),
        (StateEncoding.Float16, _) => typeof(GpuScaledFloat16<Nearest>),
        (StateEncoding.StochasticFloat16, _) => typeof(GpuScaledFloat16<Stochastic>),
        (StateEncoding.Dynamic8, true) => typeof(GpuDynamic8<Unsigned, Nearest>),
        (StateEncoding.Dynamic8, false) => typeof(GpuDynamic8<Signed, Nearest>),
        (_, true) => typeof(GpuDynamic8<Unsigned, Stochastic>),
        _ => typeof(GpuDynamic8<Signed, Stochastic>),
    };

    private static Type Format(ElementType type) => type switch
    {
        ElementType.Float32 => typeof(Float32Format),
        ElementType.BFloat16 => typeof(BFloat16Format),
        _ => typeof(Float16Format),
    };
}
