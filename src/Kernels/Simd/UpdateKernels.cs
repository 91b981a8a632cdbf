using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using unsafe UpdateKernel = delegate*<void*, void*, void*, void*, void*, void*, nint, void>;

namespace GpuOptim.Kernels.Simd;

/// <summary>Chooses the loop for a rule, a vector width and element types; only those asked for are ever compiled.</summary>
internal static unsafe class UpdateKernels
{
    /// <summary><see cref="ElementwiseLoop{TRule, TFloats, TElement, TGradient, TState}.Run"/> for the given types, and for the rule's variant.</summary>
    public static UpdateKernel Select<TRule>(in TRule rule, int vectorBits, ElementType element, ElementType gradient, ElementType state) where TRule : unmanaged, IUpdateRule
    {
        var choice = new Choice(vectorBits, element, gradient, state);
        RuleVariants.Visit(rule, ref choice);
        return choice.Kernel;
    }

    /// <summary>The loop that takes parameters, in the gradients' place, into their averages.</summary>
    public static UpdateKernel Average(int vectorBits, ElementType element) => Select<AverageRule>(vectorBits, element, element, element);

    private static UpdateKernel Select<TRule>(int vectorBits, ElementType element, ElementType gradient, ElementType state)
        where TRule : unmanaged, IUpdateRule => vectorBits switch
        {
            512 => Select<TRule, Floats16>(element, gradient, state),
            256 => Select<TRule, Floats8>(element, gradient, state),
            128 => Select<TRule, Floats4>(element, gradient, state),
            _ => Select<TRule, Floats1>(element, gradient, state),
        };

    private static UpdateKernel Select<TRule, TFloats>(ElementType element, ElementType gradient, ElementType state)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IFloats<TFloats> => element switch
        {
            ElementType.Float32 => Select<TRule, TFloats, Float32Format>(gradient, state),
            ElementType.BFloat16 => Select<TRule, TFloats, BFloat16Format>(gradient, state),
            _ => Select<TRule, TFloats, Float16Format>(gradient, state),
        };

    private static UpdateKernel Select<TRule, TFloats, TElement>(ElementType gradient, ElementType state)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IFloats<TFloats>
        where TElement : IFormat => gradient switch
        {
            ElementType.Float32 => Select<TRule, TFloats, TElement, Float32Format>(state),
            ElementType.BFloat16 => Select<TRule, TFloats, TElement, BFloat16Format>(state),
            _ => Select<TRule, TFloats, TElement, Float16Format>(state),
        };

    private static UpdateKernel Select<TRule, TFloats, TElement, TGradient>(ElementType state)
        where TRule : unmanaged, IUpdateRule
        where TFloats : unmanaged, IFloats<TFloats>
        where TElement : IFormat
        where TGradient : IFormat => state switch
        {
            ElementType.Float32 => &ElementwiseLoop<TRule, TFloats, TElement, TGradient, Float32Format>.Run,
            ElementType.BFloat16 => &ElementwiseLoop<TRule, TFloats, TElement, TGradient, BFloat16Format>.Run,
            _ => &ElementwiseLoop<TRule, TFloats, TElement, TGradient, Float16Format>.Run,
        };

    private struct Choice(int vectorBits, ElementType element, ElementType gradient, ElementType state) : IRuleVisitor
    {
        public UpdateKernel Kernel;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Kernel = Select<TRule>(vectorBits, element, gradient, state);
    }
}
