using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu.Encodings;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Kernels.Ilgpu.Matrix.Small;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu;

/// <content>Which kernels there are.</content>
internal sealed partial record GpuKernel
{
    /// <summary>All kernels, but the variants.</summary>
    public static IEnumerable<GpuKernel> All { get; } =
    [
        .. Norms<OneNorm>(),
        .. Norms<TwoNorm>(),
        .. Norms<MaxNorm>(),
        new("CompleteStep", ((Delegate)CompleteStepKernel.Run).Method),
        .. Updates<SgdRule>(),
        .. UpdatesOf(Sgd()),
        .. UpdatesOf(Sgd(momentum: 0.9)),
        .. Updates<RmsPropRule>(),
        .. UpdatesOf(RmsProp()),
        .. Updates<AdamRule>(),
        .. UpdatesOf(Adam()),
        .. UpdatesOf(Adam(WeightDecayMode.Decoupled)),
        .. Updates<TransformedRule<AdamRule>>(),
        .. UpdatesOf(new TransformedRule<AdamRule>(default, Adam(WeightDecayMode.Decoupled))),
        .. Averages<Float32Format>(),
        .. Averages<BFloat16Format>(),
        .. Averages<Float16Format>(),
        Update<AccumulateRule, Float32Format, Float32Format, Float32Format>(),
        Update<AccumulateRule, Float32Format, BFloat16Format, Float32Format>(),
        Update<AccumulateRule, Float32Format, Float16Format, Float32Format>(),
        .. RawMatrices<BFloat16Format>(),
        .. RawMatrices<Float32Format>(),
        .. Matrices<BFloat16Format, BFloat16Format>(),
        .. Matrices<Float32Format, Float32Format>(),
        .. Matrices<Float32Format, Float16Format>(),
        .. Factored<Float32Format>(),
        new("TensorRules.AdafactorStepRule", ((Delegate)TensorRulesKernel<AdafactorStepRule>.Run).Method),
        new("TensorRules.LambStepRule", ((Delegate)TensorRulesKernel<LambStepRule>.Run).Method),
        new("Deviation.Float32", ((Delegate)DeviationKernel<Float32Format>.Run).Method),
        new("Deviation.Float16", ((Delegate)DeviationKernel<Float16Format>.Run).Method),
        new("AddIdentity.Float32", ((Delegate)AddIdentityKernel<Float32Format>.Run).Method),
        new("AddIdentity.Float16", ((Delegate)AddIdentityKernel<Float16Format>.Run).Method),
        .. TensorProducts<BFloat16Format>("TensorCore"),
        .. TensorProducts<Float16Format>("TensorCoreFloat16"),
        new("Orthogonalize.64x64", ((Delegate)OrthogonalizeKernel<Extent64, Extent64>.Run).Method, CudaArchitecture.SM_80),
        new("Orthogonalize.64x128", ((Delegate)OrthogonalizeKernel<Extent64, Extent128>.Run).Method, CudaArchitecture.SM_80),
        new("Orthogonalize.128x64", ((Delegate)OrthogonalizeKernel<Extent128, Extent64>.Run).Method, CudaArchitecture.SM_80),
        new("Orthogonalize.128x128", ((Delegate)OrthogonalizeKernel<Extent128, Extent128>.Run).Method, CudaArchitecture.SM_80),
        new("SymmetricProduct.Warpgroup.Wide", ((Delegate)WarpgroupProduct<DepthContiguous, DepthContiguous, LowerTiles>.Multiply).Method, CudaArchitecture.SM_90),
        new("SymmetricProduct.Warpgroup.Tall", ((Delegate)WarpgroupProduct<DepthStrided, DepthStrided, LowerTiles>.Multiply).Method, CudaArchitecture.SM_90),
        new("MultiplyAdd.Warpgroup", ((Delegate)WarpgroupProduct<DepthContiguous, DepthStrided, AllTiles>.Multiply).Method, CudaArchitecture.SM_90),
    ];

    /// <summary>More of the kernels of updates: other settings, what is done to gradients before, and sums of gradients.</summary>
    public static IEnumerable<GpuKernel> Variants { get; } =
    [
        .. UpdatesBySums<SgdRule>(),
        .. UpdatesBySums<RmsPropRule>(),
        .. UpdatesBySums<AdamRule>(),
        .. UpdatesOf(Sgd(WeightDecayMode.L2)),
        .. UpdatesOf(Sgd(WeightDecayMode.L2, momentum: 0.9)),
        .. UpdatesOf(Sgd(momentum: 0.9, nesterov: true)),
        .. UpdatesOf(Sgd(WeightDecayMode.L2, momentum: 0.9, nesterov: true)),
        .. UpdatesOf(RmsProp(WeightDecayMode.L2)),
        .. UpdatesOf(RmsProp(momentum: 0.9)),
        .. UpdatesOf(Adam(WeightDecayMode.L2)),
        .. Updates<TransformedRule<SgdRule>>(),
        .. Updates<TransformedRule<RmsPropRule>>(),
        .. Momenta<TransformedRule<MuonMomentumRule>, BFloat16Format>(),
        .. Momenta<TransformedRule<MuonMomentumRule>, Float32Format>(),
        .. Momenta<NorMuonMomentumRule, BFloat16Format>(),
        .. Factored<BFloat16Format>(),
        .. Factored<Float16Format>(),
        .. Encoded(Adam(WeightDecayMode.Decoupled)),
        EncodedMomentum<MuonMomentumRule, BFloat16Format, BFloat16Format, GpuDynamic8<Signed, Nearest>>("Dynamic8"),
    ];

    /// <summary>The fused updates by a rule.</summary>
    private static IEnumerable<GpuKernel> Updates<TRule>() where TRule : unmanaged, IUpdateRule =>
    [
        Update<TRule, Float32Format, Float32Format, Float32Format>(),
        Update<TRule, BFloat16Format, BFloat16Format, BFloat16Format>(),
        Update<TRule, BFloat16Format, BFloat16Format, BFloat16Format, Float32Format>(),
        Update<TRule, BFloat16Format, BFloat16Format, Float32Format>(),
        Update<TRule, Float16Format, Float16Format, Float16Format>(),
        Update<TRule, Float16Format, Float16Format, Float16Format, Float32Format>(),
        Update<TRule, Float16Format, Float16Format, Float32Format>(),
    ];

    /// <summary>Those of the variant that a rule is.</summary>
    private static IEnumerable<GpuKernel> UpdatesOf<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule
    {
        var kernels = new UpdatesVisitor();
        RuleVariants.Visit(rule, ref kernels);
        return kernels.Kernels;
    }

    /// <summary>Those of 16-bit parameters that take sums of gradients, in float32.</summary>
    private static IEnumerable<GpuKernel> UpdatesBySums<TRule>() where TRule : unmanaged, IUpdateRule =>
    [
        Update<TRule, BFloat16Format, Float32Format, BFloat16Format>(),
        Update<TRule, BFloat16Format, Float32Format, BFloat16Format, Float32Format>(),
        Update<TRule, BFloat16Format, Float32Format, Float32Format>(),
        Update<TRule, Float16Format, Float32Format, Float16Format>(),
        Update<TRule, Float16Format, Float32Format, Float16Format, Float32Format>(),
        Update<TRule, Float16Format, Float32Format, Float32Format>(),
    ];

    /// <summary>What finds a norm of gradients, and the factor that takes it down.</summary>
    private static IEnumerable<GpuKernel> Norms<TNorm>() where TNorm : INorm =>
    [
        new($"{typeof(TNorm).Name}.Float32", ((Delegate)NormKernel<Float32Format, TNorm>.Run).Method, Work: new(NormOrder.QuadLength, 1, 0)),
        new($"{typeof(TNorm).Name}.BFloat16", ((Delegate)NormKernel<BFloat16Format, TNorm>.Run).Method, Work: new(NormOrder.QuadLength, 1, 0)),
        new($"{typeof(TNorm).Name}.Float16", ((Delegate)NormKernel<Float16Format, TNorm>.Run).Method, Work: new(NormOrder.QuadLength, 1, 0)),
        new($"{typeof(TNorm).Name}.Scale", ((Delegate)ScaleKernel<TNorm>.Run).Method),
    ];

    private static SgdRule Sgd(WeightDecayMode? decay = null, double momentum = 0, bool nesterov = false) =>
        new(0.1, momentum, 0, decay is null ? 0 : 0.1, decay ?? default, nesterov, maximize: false, isFirst: false);

    private static RmsPropRule RmsProp(WeightDecayMode? decay = null, double momentum = 0) =>
        new(0.1, 0.99, 1e-8, decay is null ? 0 : 0.1, decay ?? default, momentum, centered: false, maximize: false);

    private static AdamRule Adam(WeightDecayMode? decay = null) =>
        new(1, 0.1, 0.9, 0.999, 1e-8, decay is null ? 0 : 0.1, decay ?? default, amsgrad: false, maximize: false);

    /// <summary>What is done with averages of parameters of a type.</summary>
    private static IEnumerable<GpuKernel> Averages<TElement>() where TElement : IFormat =>
        [Update<AverageRule, TElement, TElement, TElement>(), Update<SwapRule, TElement, TElement, TElement>()];

    /// <summary>Products on tensor cores of matrices of a type.</summary>
    private static IEnumerable<GpuKernel> TensorProducts<TFormat>(string name) where TFormat : IFormat =>
    [
        new($"SymmetricProduct.{name}.Wide", ((Delegate)TensorProduct<TFormat, DepthContiguous, DepthContiguous, LowerTiles>.Multiply).Method, CudaArchitecture.SM_80),
        new($"SymmetricProduct.{name}.Tall", ((Delegate)TensorProduct<TFormat, DepthStrided, DepthStrided, LowerTiles>.Multiply).Method, CudaArchitecture.SM_80),
        new($"MultiplyAdd.{name}", ((Delegate)TensorProduct<TFormat, DepthContiguous, DepthStrided, AllTiles>.Multiply).Method, CudaArchitecture.SM_80),
    ];

    /// <summary>What makes matrices to orthogonalize, of a type.</summary>
    private static IEnumerable<GpuKernel> RawMatrices<TRaw>() where TRaw : IFormat =>
    [
        .. Momenta<MuonMomentumRule, TRaw>(),
        Momentum<CopyRule, TRaw, Float32Format, Float32Format>(),
        Momentum<CopyRule, TRaw, BFloat16Format, Float32Format>(),
        Momentum<CopyRule, TRaw, Float16Format, Float32Format>(),
    ];

    /// <summary>Newton-Schulz with matrices of a type, and what goes after it.</summary>
    private static IEnumerable<GpuKernel> Matrices<TRaw, TFormat>()
        where TRaw : IFormat
        where TFormat : IFormat =>
    [
        new($"Normalize.{TFormat.Type}", ((Delegate)NormalizeKernel<TRaw, TFormat>.Run).Method, Work: new(16 / TFormat.Size, TRaw.Size / TFormat.Size, 1)),
        new($"SymmetricProduct.{TFormat.Type}.Wide", ((Delegate)TiledProduct<TFormat, DepthContiguous, DepthContiguous, LowerTiles>.Multiply).Method),
        new($"SymmetricProduct.{TFormat.Type}.Tall", ((Delegate)TiledProduct<TFormat, DepthStrided, DepthStrided, LowerTiles>.Multiply).Method),
        new($"MultiplyAdd.{TFormat.Type}", ((Delegate)TiledProduct<TFormat, DepthContiguous, DepthStrided, AllTiles>.Multiply).Method),
        new($"NeuronMoments.{TFormat.Type}", ((Delegate)NeuronMomentsKernel<TFormat>.Run).Method, Work: new(NormOrder.QuadLength, 1, 0)),
        new($"NeuronDivide.{TFormat.Type}", ((Delegate)NeuronDivideKernel<TFormat>.Run).Method, Work: new(16 / TFormat.Size, 1, 4 / TFormat.Size)),
        .. UpdatesFrom<MuonUpdateRule, TFormat>(),
        Update<CopyRule, Float32Format, TFormat, Float32Format>(),
        Update<CopyRule, BFloat16Format, TFormat, Float32Format>(),
        Update<CopyRule, Float16Format, TFormat, Float32Format>(),
    ];

    /// <summary>What averages squares of rows and columns of gradients of a type, and makes directions.</summary>
    private static IEnumerable<GpuKernel> Factored<TGradient>() where TGradient : IFormat =>
    [
        new($"FactoredRows.{TGradient.Type}", ((Delegate)FactoredMomentsKernel<TGradient>.Rows).Method, Work: new(NormOrder.QuadLength, 1, 0)),
        new($"FactoredBands.{TGradient.Type}", ((Delegate)FactoredMomentsKernel<TGradient>.Bands).Method),
        new($"FactoredColumns.{TGradient.Type}", ((Delegate)FactoredMomentsKernel<TGradient>.Columns).Method),
        new($"FactoredDirection.{TGradient.Type}", ((Delegate)FactoredDirectionKernel<TGradient>.Run).Method, Work: new(4, 2, 1)),
    ];

    /// <summary>The first halves of updates that orthogonalize matrices of a type.</summary>
    private static IEnumerable<GpuKernel> Momenta<TRule, TWork>()
        where TRule : unmanaged, IUpdateRule
        where TWork : IFormat =>
    [
        Momentum<TRule, TWork, Float32Format, Float32Format>(),
        Momentum<TRule, TWork, BFloat16Format, BFloat16Format>(),
        Momentum<TRule, TWork, BFloat16Format, BFloat16Format, Float32Format>(),
        Momentum<TRule, TWork, BFloat16Format, Float32Format>(),
        Momentum<TRule, TWork, Float16Format, Float16Format>(),
        Momentum<TRule, TWork, Float16Format, Float16Format, Float32Format>(),
        Momentum<TRule, TWork, Float16Format, Float32Format>(),
    ];

    /// <summary>Their second halves.</summary>
    private static IEnumerable<GpuKernel> UpdatesFrom<TRule, TWork>()
        where TRule : unmanaged, IUpdateRule
        where TWork : IFormat =>
    [
        Update<TRule, Float32Format, TWork, Float32Format>(),
        Update<TRule, BFloat16Format, TWork, BFloat16Format>(),
        Update<TRule, BFloat16Format, TWork, BFloat16Format, Float32Format>(),
        Update<TRule, BFloat16Format, TWork, Float32Format>(),
        Update<TRule, Float16Format, TWork, Float16Format>(),
        Update<TRule, Float16Format, TWork, Float16Format, Float32Format>(),
        Update<TRule, Float16Format, TWork, Float32Format>(),
    ];

    private static GpuKernel Momentum<TRule, TElement, TGradient, TState>()
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat => Momentum<TRule, TElement, TGradient, TState, TState>();

    private static GpuKernel Momentum<TRule, TElement, TGradient, TState, TCompute>()
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat => new(
            $"{NameOf(typeof(TRule))}.Momentum.{TypesOf<TElement, TGradient, TState, TCompute>()}",
            ((Delegate)MomentumKernel<TRule, TElement, TGradient, TState, TCompute>.Run).Method,
            Work: new(NormOrder.QuadLength, 1 + TRule.StateCount, 1 + TRule.StateCount));

    private static GpuKernel Update<TRule, TElement, TGradient, TState>()
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat => Update<TRule, TElement, TGradient, TState, TState>();

    private static GpuKernel Update<TRule, TElement, TGradient, TState, TCompute>()
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat => new(
            $"{NameOf(typeof(TRule))}.{TypesOf<TElement, TGradient, TState, TCompute>()}",
            ((Delegate)UpdateKernel<TRule, TElement, TGradient, TState, TCompute>.Run).Method,
            Work: new(UpdateKernel<TRule, TElement, TGradient, TState, TCompute>.Wide, 2 + TRule.StateCount, 1 + TRule.StateCount));

    /// <summary>Updates of encoded numbers, of the variant that a rule is: some of the many that there are.</summary>
    private static IEnumerable<GpuKernel> Encoded<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule
    {
        var kernels = new EncodedVisitor();
        RuleVariants.Visit(rule, ref kernels);
        return kernels.Kernels;
    }

    private static GpuKernel EncodedUpdate<TRule, TElement, TParameter, TState0, TState1>(string parameter, string state)
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TParameter : IGpuEncoding
        where TState0 : IGpuEncoding
        where TState1 : IGpuEncoding => new(
            $"{NameOf(typeof(TRule))}.Encoded.{TElement.Type}{parameter}.{TElement.Type}.{state}",
            ((Delegate)EncodedUpdateKernel<TRule, TElement, TParameter, TElement, TState0, TState1, TState1>.Run).Method);

    private static GpuKernel EncodedMomentum<TRule, TElement, TGradient, TState>(string state)
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IGpuEncoding => new(
            $"{NameOf(typeof(TRule))}.Momentum.Encoded.{TElement.Type}.{TGradient.Type}.{state}",
            ((Delegate)EncodedMomentumKernel<TRule, TElement, TGradient, TState>.Run).Method);

    private static string TypesOf<TElement, TGradient, TState, TCompute>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat => $"{TElement.Type}.{TGradient.Type}.{TState.Type}{(TCompute.Type == TState.Type ? "" : $".In{TCompute.Type}")}";

    private struct UpdatesVisitor : IRuleVisitor
    {
        public IEnumerable<GpuKernel> Kernels;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Kernels = Updates<TRule>();
    }

    private struct EncodedVisitor : IRuleVisitor
    {
        public IEnumerable<GpuKernel> Kernels;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Kernels =
        [
            EncodedUpdate<TRule, Float32Format, GpuFormat<Float32Format>, GpuDynamic8<Signed, Nearest>, GpuDynamic8<Unsigned, Nearest>>("", "Dynamic8"),
            EncodedUpdate<TRule, Float32Format, GpuFormat<Float32Format>, GpuDynamic8<Signed, Stochastic>, GpuDynamic8<Unsigned, Stochastic>>("", "StochasticDynamic8"),
            EncodedUpdate<TRule, Float32Format, GpuFormat<Float32Format>, GpuScaledFloat16<Nearest>, GpuScaledFloat16<Nearest>>("", "ScaledFloat16"),
            EncodedUpdate<TRule, BFloat16Format, GpuFormat<BFloat16Format>, GpuDynamic8<Signed, Nearest>, GpuDynamic8<Unsigned, Nearest>>("", "Dynamic8"),
            EncodedUpdate<TRule, BFloat16Format, GpuElements<StochasticBFloat16>, GpuElements<StochasticBFloat16>, GpuElements<StochasticBFloat16>>("Stochastic", "StochasticBFloat16"),
            EncodedUpdate<TRule, BFloat16Format, GpuElements<RemainderBFloat16>, GpuFormat<BFloat16Format>, GpuFormat<BFloat16Format>>("Remainder", "BFloat16"),
        ];
    }
}
