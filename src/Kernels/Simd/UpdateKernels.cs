using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using unsafe UpdateKernel = delegate*<void*, GpuOptim.Kernels.Simd.UpdatePiece*, int, nint*, bool, void>;

namespace GpuOptim.Kernels.Simd;

/// <summary>Chooses the loop for a rule, a vector width and element types; only those asked for are ever compiled.</summary>
internal static unsafe class UpdateKernels
{
    /// <summary><see cref="ElementwiseLoop{TRule, TVector, TElement, TGradient, TState, TCompute}.Run"/> for the given types, and for the rule's variant.</summary>
    public static UpdateKernel Select<TRule>(in TRule rule, int vectorBits, UpdateTypes types) where TRule : unmanaged, IUpdateRule
    {
        var choice = new Choice(vectorBits, types);
        RuleVariants.Visit(rule, ref choice);
        return choice.Kernel;
    }

    private static UpdateKernel Select<TRule>(int vectorBits, UpdateTypes types) where TRule : unmanaged, IUpdateRule => vectorBits switch
    {
        // What the machine cannot have is not even compiled.
        512 when Vector512.IsHardwareAccelerated => Select<TRule, Floats16>(types),
        256 when Vector256.IsHardwareAccelerated => Select<TRule, Floats8>(types),
        128 when Vector128.IsHardwareAccelerated => Select<TRule, Floats4>(types),
        _ => Select<TRule, Floats1>(types),
    };

    private static UpdateKernel Select<TRule, TFloats>(UpdateTypes types)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IRegister<TFloats> => types.Element switch
        {
            ElementType.Float32 => Select<TRule, TFloats, Float32Format>(types),
            ElementType.BFloat16 => Select<TRule, TFloats, BFloat16Format>(types),
            _ => Select<TRule, TFloats, Float16Format>(types),
        };

    private static UpdateKernel Select<TRule, TFloats, TElement>(UpdateTypes types)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IRegister<TFloats>
        where TElement : IFormat => types.Gradient switch
        {
            ElementType.Float32 => Select<TRule, TFloats, TElement, Float32Format>(types),
            ElementType.BFloat16 => Select<TRule, TFloats, TElement, BFloat16Format>(types),
            _ => Select<TRule, TFloats, TElement, Float16Format>(types),
        };

    private static UpdateKernel Select<TRule, TFloats, TElement, TGradient>(UpdateTypes types)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IRegister<TFloats>
        where TElement : IFormat
        where TGradient : IFormat => (types.State, types.Compute) switch
        {
            (ElementType.Float32, _) => Paired<TRule, TFloats, TElement, TGradient, Float32Format, Float32Format>(),
            (ElementType.BFloat16, ElementType.Float32) => Paired<TRule, TFloats, TElement, TGradient, BFloat16Format, Float32Format>(),
            (ElementType.BFloat16, _) => Paired<TRule, TFloats, TElement, TGradient, BFloat16Format, BFloat16Format>(),
            (_, ElementType.Float32) => Paired<TRule, TFloats, TElement, TGradient, Float16Format, Float32Format>(),
            _ => Paired<TRule, TFloats, TElement, TGradient, Float16Format, Float16Format>(),
        };

    private static UpdateKernel Paired<TRule, TFloats, TElement, TGradient, TState, TCompute>()
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IRegister<TFloats>
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat
    {
        // The reference goes one by one; vectors go in pairs.
        if (typeof(TFloats) == typeof(Floats1))
            return &ElementwiseLoop<TRule, TFloats, TElement, TGradient, TState, TCompute>.Run;
        var isAllBFloat16 = typeof(TElement) == typeof(BFloat16Format) && typeof(TGradient) == typeof(BFloat16Format)
            && (TRule.StateCount == 0 || typeof(TState) == typeof(BFloat16Format));
        return isAllBFloat16
            ? &ElementwiseLoop<TRule, Pair<TFloats, Alternating>, TElement, TGradient, TState, TCompute>.Run
            : &ElementwiseLoop<TRule, Pair<TFloats, InSequence>, TElement, TGradient, TState, TCompute>.Run;
    }

    private struct Choice(int vectorBits, UpdateTypes types) : IRuleVisitor
    {
        public UpdateKernel Kernel;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Kernel = Select<TRule>(vectorBits, types);
    }
}
