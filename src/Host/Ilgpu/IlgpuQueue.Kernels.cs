using System.Numerics;
using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Kernels.Ilgpu.Matrix.Small;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <content>Kernels.</content>
internal partial class IlgpuQueue
{
    /// <summary>Adds a fused update to a step.</summary>
    public virtual void Update<TRule>(IlgpuStep step, StepTable table, ReadOnlySpan<TRule> rules, UpdateTypes types) where TRule : unmanaged, IUpdateRule
    {
        var update = new UpdateVisitor(step, table, types);
        RuleVariants.Visit(rules, ref update);
    }

    /// <summary>A fused update.</summary>
    public virtual void LaunchUpdate<TRule>(StepTable step, UpdateTypes types) where TRule : unmanaged, IUpdateRule =>
        Kernel<UpdateKernels<TRule>, UpdateLauncher<TRule>>(types)(
            NextLaunch(),
            new(step.Table.Chunks, Math.Min(UpdateKernel.GroupSizeFor(step.Table.LongestChunk), _groupSize)),
            step.Table.ChunkMap,
            step.Table.Segments,
            step.Gradients,
            step.RuleIndices,
            step.Rules<TRule>(),
            step.Averages);

    /// <summary>Adds a fused update of tensors some of whose numbers are encoded to a step.</summary>
    public static void UpdateEncoded<TRule>(IlgpuStep step, StepTable table, ReadOnlySpan<TRule> rules, UpdateTypes types) where TRule : unmanaged, IUpdateRule
    {
        var update = new EncodedUpdateVisitor(step, table, types);
        RuleVariants.Visit(rules, ref update);
    }

    /// <inheritdoc cref="UpdateEncoded{TRule}(IlgpuStep, StepTable, ReadOnlySpan{TRule}, UpdateTypes)"/>
    public static void UpdateEncoded<TRule>(IlgpuStep step, StepTable table, ReadOnlySpan<NumberedRule<TRule>> rules, UpdateTypes types) where TRule : unmanaged, IUpdateRule
    {
        var update = new EncodedUpdateVisitor(step, table, types);
        RuleVariants.Visit(rules, ref update);
    }

    /// <summary>A fused update of tensors some of whose numbers are encoded.</summary>
    public void LaunchEncodedUpdate<TRule>(StepTable step, UpdateTypes types) where TRule : unmanaged, IUpdateRule =>
        _kernels.Get<EncodedUpdateLauncher<TRule>>(types, static (types, isAlone) => EncodedKernels.Update(typeof(TRule), types, isAlone), _logger)(
            NextLaunch(),
            new(step.Table.Chunks, _sharingGroupSize == 1 ? 1 : EncodedUpdateKernel.GroupSizeFor(step.Table.LongestChunk)),
            step.Table.ChunkMap,
            step.Table.Segments,
            step.Table.Encoded,
            step.Gradients,
            step.RuleIndices,
            step.Rules<NumberedRule<TRule>>(),
            step.Averages);

    /// <summary>The first half of an update that orthogonalizes, of encoded state.</summary>
    public void LaunchEncodedMomentum<TRule>(StepTable step, UpdateTypes types, ArrayView<double> sums) where TRule : unmanaged, IUpdateRule =>
        _kernels.Get<EncodedMomentumLauncher<TRule>>(types, static (types, isAlone) => EncodedKernels.Momentum(typeof(TRule), types, isAlone), _logger)(
            NextLaunch(),
            new(step.Table.Chunks, _sharingGroupSize == 1 ? 1 : EncodedMomentumKernel.GroupSize),
            step.Table.ChunkMap,
            step.Table.Segments,
            step.Table.Encoded,
            step.Gradients,
            step.RuleIndices,
            step.Rules<NumberedRule<TRule>>(),
            sums);

    /// <summary>The first half of an update that orthogonalizes.</summary>
    public virtual void LaunchMomentum<TRule>(StepTable step, UpdateTypes types, ArrayView<double> sums) where TRule : unmanaged, IUpdateRule =>
        Kernel<MomentumKernels<TRule>, MomentumLauncher<TRule>>(types)(
            NextLaunch(), new(step.Table.Chunks, _sharingGroupSize), step.Table.ChunkMap, step.Table.Segments, step.Gradients, step.RuleIndices, step.Rules<TRule>(), sums);

    /// <summary>Accumulates a norm of a table's gradients, chunk by chunk.</summary>
    public virtual void Norm<TNorm>(StepTable step, ElementType gradient, ArrayView<double> sums) where TNorm : INorm =>
        Kernel<Action<AcceleratorStream, KernelConfig, ArrayView<GpuChunk>, ArrayView<GpuSegment>, ArrayView<long>, ArrayView<double>>>(gradient switch
        {
            ElementType.Float32 => NormKernel<Float32Format, TNorm>.Run,
            ElementType.BFloat16 => NormKernel<BFloat16Format, TNorm>.Run,
            _ => NormKernel<Float16Format, TNorm>.Run,
        })(NextLaunch(), new(step.Table.Chunks, _sharingGroupSize), step.Table.ChunkMap, step.Table.Segments, step.Gradients, sums);

    /// <summary>Takes the norm of what was accumulated, decides what is done to gradients, and moves the loss scale on.</summary>
    public void Scale<TNorm>(ArrayView<double> sums, ArrayView<ScaleRequest> request, ArrayView<LossScale> lossScale, ArrayView<GradientCheck> result) where TNorm : INorm =>
        Kernel<Action<AcceleratorStream, KernelConfig, ArrayView<double>, ArrayView<ScaleRequest>, ArrayView<LossScale>, ArrayView<GradientCheck>>>(ScaleKernel<TNorm>.Run)(
            NextLaunch(), new(1, _sharingGroupSize), sums, request, lossScale, result);

    /// <summary>Completes what was sent for a step by a check that the host does not know.</summary>
    /// <param name="step">What was sent.</param>
    /// <param name="stride">Bytes of a rule.</param>
    /// <param name="rules">How many of its rules take factors.</param>
    /// <param name="result">The check.</param>
    public virtual void CompleteStep(StepTable step, int stride, int rules, ArrayView<GradientCheck> result) =>
        Kernel<Action<AcceleratorStream, KernelConfig, long, int, int, ArrayView<long>, ArrayView<int>, ArrayView<ulong>, ArrayView<GradientCheck>>>(CompleteStepKernel.Run)(
            NextLaunch(), new(1, _sharingGroupSize), step.Block.AddressOf(step.RulesPlace), stride, rules, step.Gradients, step.RuleIndices, step.Pending, result);

    /// <summary>Divides matrices by their norms, of the sums of squares of their chunks.</summary>
    public virtual void Normalize<TRaw, TFormat>(MatrixBatch source, MatrixBatch x, ArrayView<double> sums, double scale, float epsilon)
        where TRaw : IFormat
        where TFormat : IFormat
    {
        var groups = GroupsToNormalize(x);
        Kernel<Action<AcceleratorStream, KernelConfig, GpuDivision, int, ArrayView<double>, double, float>>(NormalizeKernel<TRaw, TFormat>.Run)(
            NextLaunch(), new(groups * x.Count, _sharingGroupSize), new(source, x), groups, sums, scale, epsilon);
    }

    /// <summary>Adds multiples of the identity to multiples of matrices.</summary>
    public virtual void AddIdentity<TFormat>(MatrixBatch a, float factor, float scale, MatrixBatch result) where TFormat : IFormat =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuIdentity, float, float>>(AddIdentityKernel<TFormat>.Run)(
            NextLaunch(), new(a.Count * a.Order, _sharingGroupSize), new(a, result.Address), factor, scale);

    /// <summary>The largest deviation of each matrix from the identity.</summary>
    public virtual void Deviation<TFormat>(MatrixBatch a, nint result) where TFormat : IFormat =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuIdentity>>(DeviationKernel<TFormat>.Run)(NextLaunch(), new(a.Count, _sharingGroupSize), new(a, result));

    /// <summary>Measures the rows of matrices, each by a group, and moves their averages.</summary>
    public void MeasureNeurons(
        MatrixBatch x,
        GpuNeurons neurons,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<NeuronRule> rules,
        ArrayView<long> averages,
        ArrayView<double> squares,
        ArrayView<float> divisors) =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuNeurons, ArrayView<long>, ArrayView<int>, ArrayView<NeuronRule>, ArrayView<long>, ArrayView<double>, ArrayView<float>>>(
            x.ElementType switch
            {
                ElementType.Float32 => NeuronMomentsKernel<Float32Format>.Run,
                ElementType.BFloat16 => NeuronMomentsKernel<BFloat16Format>.Run,
                _ => NeuronMomentsKernel<Float16Format>.Run,
            })(
            NextLaunch(),
            new(x.Rows * x.Count, Math.Min(UpdateKernel.GroupSizeFor(Math.Min(x.Columns, NormOrder.ChunkLength)), _sharingGroupSize)),
            neurons,
            gradients,
            ruleIndices,
            rules,
            averages,
            squares,
            divisors);

    /// <summary>Divides the rows of matrices by their divisors, and scales matrices back to their norms.</summary>
    public void DivideNeurons(MatrixBatch x, GpuNeurons neurons, ArrayView<double> squares, ArrayView<float> divisors)
    {
        // Each group reads what was measured of all rows: it gets several of many rows.
        const int MaxGroups = 128, Wide = 8;
        var rowThreads = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)(x.Columns + Wide - 1) / Wide), _sharingGroupSize);
        var rows = _sharingGroupSize / rowThreads;
        var groups = Math.Min((x.Rows + rows - 1) / rows, MaxGroups);
        Kernel<Action<AcceleratorStream, KernelConfig, GpuNeurons, int, int, ArrayView<double>, ArrayView<float>>>(
            x.ElementType switch
            {
                ElementType.Float32 => NeuronDivideKernel<Float32Format>.Run,
                ElementType.BFloat16 => NeuronDivideKernel<BFloat16Format>.Run,
                _ => NeuronDivideKernel<Float16Format>.Run,
            })(
            NextLaunch(), new(groups * x.Count, _sharingGroupSize), neurons, groups, rowThreads, squares, divisors);
    }

    /// <summary>Products of matrices, each tile of a result a group of threads.</summary>
    public virtual void Multiply<TFormat, TLeft, TRight, TOrder>(GpuProduct product)
        where TFormat : IFormat
        where TLeft : struct, IFragmentLayout
        where TRight : struct, IFragmentLayout
        where TOrder : struct, ITileOrder
    {
        if (TFormat.Type == ElementType.BFloat16 && RunsWarpgroups)
        {
            Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct>>(WarpgroupProduct<TLeft, TRight, TOrder>.Multiply)(
                NextLaunch(),
                new(WarpgroupProduct<TLeft, TRight, TOrder>.Count(product), WarpgroupProduct.GroupSize, SharedMemoryConfig.RequestDynamic<byte>(WarpgroupProduct.SharedBytes)),
                product);
        }
        else if (TFormat.Size == 2 && RunsTensorCores)
        {
            var tiles = TileGrid.Count<TOrder>(product, TensorProduct.TileRows);
            Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct>>(TensorProduct<TFormat, TLeft, TRight, TOrder>.Multiply)(
                NextLaunch(), new(tiles, TensorProduct.GroupSize, SharedMemoryConfig.RequestDynamic<byte>(TensorProduct.SharedBytes)), product);
        }
        else
        {
            var tiles = TileGrid.Count<TOrder>(product, _groupRows * TiledProduct.ThreadRows);
            Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct>>(TiledProduct<TFormat, TLeft, TRight, TOrder>.Multiply)(
                NextLaunch(), new(new Index2D(tiles, 1), new Index2D(_groupRows, _groupRows)), product);
        }
    }

    /// <summary>Orthogonalizes small matrices in place, each by a group.</summary>
    /// <param name="matrices">The matrices.</param>
    /// <param name="sums">The sums of squares of their chunks.</param>
    /// <param name="scale">Factor of norms.</param>
    /// <param name="epsilon">The least divisor.</param>
    /// <param name="steps">The coefficients of each step.</param>
    public void Orthogonalize(MatrixBatch matrices, ArrayView<double> sums, double scale, float epsilon, ArrayView<NewtonSchulzStep> steps)
    {
        switch (SmallMatrices.IsSmall(matrices.Rows), SmallMatrices.IsSmall(matrices.Columns))
        {
            case (true, true): Orthogonalize<Extent64, Extent64>(matrices, sums, scale, epsilon, steps); break;
            case (true, false): Orthogonalize<Extent64, Extent128>(matrices, sums, scale, epsilon, steps); break;
            case (false, true): Orthogonalize<Extent128, Extent64>(matrices, sums, scale, epsilon, steps); break;
            default: Orthogonalize<Extent128, Extent128>(matrices, sums, scale, epsilon, steps); break;
        }
    }

    /// <summary>How many groups normalize each matrix.</summary>
    /// <remarks>A group takes the norm anew, so it gets several chunks of a matrix of many.</remarks>
    protected static int GroupsToNormalize(MatrixBatch x) => (int)Math.Min(NormOrder.Chunks(x.Length), 512);

    /// <summary>What launches a kernel.</summary>
    protected TLauncher Kernel<TLauncher>(Delegate kernel) where TLauncher : Delegate => _kernels.Get<TLauncher>(kernel, _logger);

    /// <summary>What launches a kernel for some element types.</summary>
    protected TLauncher Kernel<TKernel, TLauncher>(UpdateTypes types)
        where TKernel : ITypedKernel
        where TLauncher : Delegate => _kernels.Get<TKernel, TLauncher>(types, _logger);

    private void Orthogonalize<TRows, TColumns>(MatrixBatch matrices, ArrayView<double> sums, double scale, float epsilon, ArrayView<NewtonSchulzStep> steps)
        where TRows : struct, IExtent
        where TColumns : struct, IExtent =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuMatrices, ArrayView<double>, double, float, ArrayView<NewtonSchulzStep>>>(OrthogonalizeKernel<TRows, TColumns>.Run)(
            NextLaunch(),
            new(matrices.Count, SmallMatrices.GroupSize, SharedMemoryConfig.RequestDynamic<byte>(SmallMatrices.SharedBytes<TRows, TColumns>())),
            new(matrices),
            sums,
            scale,
            epsilon,
            steps);

    /// <summary>Adds the launch of the type that rules turn out to be.</summary>
    private readonly struct UpdateVisitor(IlgpuStep step, StepTable table, UpdateTypes types) : IRuleVisitor
    {
        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => step.Add(new UpdateLaunch<TRule>(table, types));
    }

    /// <summary>The same for one of tensors some of whose numbers are encoded.</summary>
    private readonly struct EncodedUpdateVisitor(IlgpuStep step, StepTable table, UpdateTypes types) : IRuleVisitor
    {
        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => step.Add(new EncodedUpdateLaunch<TRule>(table, types));
    }
}
