using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <content>Updates: what they change is placed in what a step sends, and their launches are added to it.</content>
public sealed partial class IlgpuDevice
{
    internal override UpdateBatch CreateUpdateBatch(UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuUpdateBatch(_queue, types, segments);
    }

    /// <inheritdoc/>
    public override void Update<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch batch)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        RuleLayout<TRule>.ThrowIfForeign();
        if (batch is not IlgpuUpdateBatch own)
            throw new ArgumentException($"batch must have been made by device '{Name}'. Actual type was {batch?.GetType().Name ?? "null"}.", nameof(batch));
        if (own.Table.Chunks == 0 || (rules.IsEmpty && !batch.HasAverages))
            return;
        if (batch.Step is IlgpuStep step)
        {
            Gather(step, own, rules);
            return;
        }
        step = own.OwnStep ??= new(_queue, _gate, usesGraphs: false);
        step.Begin();
        Gather(step, own, rules);
        step.End();
    }

    internal override void UpdateEncoded<TRule>(ReadOnlySpan<NumberedRule<TRule>> rules, UpdateBatch batch)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        RuleLayout<TRule>.ThrowIfForeign();
        var own = (IlgpuUpdateBatch)batch;
        if (own.Table.Chunks == 0 || (rules.IsEmpty && !batch.HasAverages))
            return;
        if (batch.Step is IlgpuStep step)
        {
            GatherEncoded(step, own, rules);
            return;
        }
        step = own.OwnStep ??= new(_queue, _gate, usesGraphs: false);
        step.Begin();
        GatherEncoded(step, own, rules);
        step.End();
    }

    internal override void UpdateAlong<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch parameters, UpdateBatch updates)
    {
        var (step, own, along) = ((IlgpuStep)updates.Step!, (IlgpuUpdateBatch)parameters, (IlgpuUpdateBatch)updates);
        if (along.Table.Chunks == 0 || (rules.IsEmpty && !updates.HasAverages))
            return;
        // What tensors make of the rules is written where they would be sent.
        var placed = Put<TRule>(step, along.Table, updates, updates.Room<TRule>(), takesFactors: false);
        if (!rules.IsEmpty)
        {
            var ruled = Put(step, own.Table, parameters, rules, takesFactors: false);
            var startsPlace = step.Block.PutColumn<int>(parameters, parameters.NormStarts.Length, parameters.IsRepeated, out var starts);
            if (starts.Length > 0)
                parameters.NormStarts.CopyTo(starts);
            step.Add(new NormLaunch<TwoNorm>(ruled, parameters.GradientType, own.Work(along.Table.Chunks * sizeof(double)), 0));
            step.Add(new NormLaunch<TwoNorm>(placed, updates.GradientType, along.Work(along.Table.Chunks * sizeof(double)), 0));
            step.Add(new TensorRulesLaunch<TRule>(ruled, own, startsPlace, placed, along));
        }
        _queue.Update<TRule>(step, placed, rules, updates.Types);
    }

    internal override void MakeFactoredDirections(ReadOnlySpan<AdafactorRule> rules, FactoredShape shape, UpdateBatch batch)
    {
        var (step, own) = ((IlgpuStep)batch.Step!, (IlgpuUpdateBatch)batch);
        if (!rules.IsEmpty)
            step.Add(new FactoredLaunch(Put(step, own.Table, batch, rules, takesFactors: false), own, shape));
    }

    internal override DeviceStep CreateStep() => new IlgpuStep(_queue, _gate, UseGraphs && Accelerator is CudaAccelerator);

    internal override GradientNorm CreateGradientNorm() => new IlgpuGradientNorm(_queue, CheckLag);

    internal override MatrixUpdateBatch CreateMatrixUpdateBatch(
        UpdateTypes types, NewtonSchulzOptions orthogonalization, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections = false, nint deviations = 0)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuMatrixUpdateBatch(_queue, types, orthogonalization, MethodOf(orthogonalization, rows, columns), rows, columns, segments, writesDirections, deviations);
    }

    internal override void UpdateMatrices<TMomentum, TUpdate>(
        ReadOnlySpan<TMomentum> momentumRules,
        ReadOnlySpan<NeuronRule> neuronRules,
        ReadOnlySpan<TUpdate> updateRules,
        ReadOnlySpan<uint> steps,
        NewtonSchulzSteps plan,
        ReadOnlySpan<MatrixUpdateBatch> batches)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        foreach (var batch in batches)
        {
            var own = (IlgpuMatrixUpdateBatch)batch;
            if (batch.Step is IlgpuStep step)
            {
                Gather(step, own, momentumRules, neuronRules, updateRules, steps, plan);
                continue;
            }
            step = own.OwnStep ??= new(_queue, _gate, usesGraphs: false);
            step.Begin();
            Gather(step, own, momentumRules, neuronRules, updateRules, steps, plan);
            step.End();
        }
    }

    /// <summary>Places what an update changes, and adds its launches.</summary>
    private void Gather<TRule>(IlgpuStep step, IlgpuUpdateBatch batch, ReadOnlySpan<TRule> rules) where TRule : unmanaged, IUpdateRule =>
        _queue.Update(step, Put(step, batch.Table, batch, rules), rules, batch.Types);

    private static void GatherEncoded<TRule>(IlgpuStep step, IlgpuUpdateBatch batch, ReadOnlySpan<NumberedRule<TRule>> rules) where TRule : unmanaged, IUpdateRule =>
        IlgpuQueue.UpdateEncoded(step, Put(step, batch.Table, batch, rules), rules, batch.Types);

    private void Gather<TMomentum, TUpdate>(
        IlgpuStep step,
        IlgpuMatrixUpdateBatch batch,
        ReadOnlySpan<TMomentum> momentumRules,
        ReadOnlySpan<NeuronRule> neuronRules,
        ReadOnlySpan<TUpdate> updateRules,
        ReadOnlySpan<uint> steps,
        NewtonSchulzSteps plan)
        where TMomentum : unmanaged, IUpdateRule
        where TUpdate : unmanaged, IUpdateRule
    {
        if (batch.Ops is null || (momentumRules.IsEmpty && !batch.HasAverages))
            return;
        if (momentumRules.IsEmpty)
        {
            Array.Clear(batch.Directions);
        }
        else
        {
            var isMomentumEncoded = batch.MomentumTypes.IsEncoded;
            var momenta = isMomentumEncoded ? Put(step, batch.Momentum, batch, momentumRules, steps) : Put(step, batch.Momentum, batch, momentumRules);
            if (isMomentumEncoded)
                step.Add(new EncodedMomentumLaunch<TMomentum>(momenta, batch));
            else
                step.Add(new MomentumLaunch<TMomentum>(momenta, batch));
            if (batch.IsAtOnce)
                step.Add(new OrthogonalizeAtOnceLaunch(batch, plan, step.Block, step.Block.Put<NewtonSchulzStep>(plan.Steps, plan.Steps.Length)));
            else
                step.Add(new OrthogonalizeLaunch(batch, plan));
            var orthogonal = NewtonSchulz.ResultOf(batch.Memory, batch.Method, plan);
            if (batch.Neurons is not null)
                step.Add(new NeuronLaunch(momenta, step.Block.Put(neuronRules, batch.Momentum.RulesCapacity), batch, orthogonal));
            if (!batch.IsRepeated)
                batch.SetDirections(orthogonal);
        }
        var norm = batch.GradientNorm is IlgpuGradientNorm { MaySkip: true } skipping ? skipping : null;
        var updates = step.Put(batch.Updates, batch.Directions, batch.IsRepeated);
        // Of what the two halves do to a parameter, only random roundings depend on how many steps were skipped.
        var isEncoded = batch.UpdateTypes.IsEncoded;
        updates = isEncoded
            ? step.Put(updates, batch.UpdateRules, norm is null ? [] : batch.UpdatePending, updateRules, steps, batch.IsRepeated)
            : step.Put(updates, batch.UpdateRules, [], updateRules, batch.IsRepeated);
        updates = updates with { AveragePlace = PutAverage(step, batch) };
        if (norm is not null)
            step.Add(new CompleteLaunch(updates, 0, 0, norm));
        if (isEncoded)
            IlgpuQueue.UpdateEncoded(step, updates, updateRules, batch.UpdateTypes);
        else
            _queue.Update(step, updates, updateRules, batch.UpdateTypes);
    }

    /// <summary>Places what a step changes of a table, and has the device complete it with what it alone knows.</summary>
    private static unsafe StepTable Put<TRule>(IlgpuStep step, IlgpuUpdateTable table, UpdateBatch batch, ReadOnlySpan<TRule> rules, bool takesFactors = true) where TRule : unmanaged =>
        Complete(step, batch, step.Put(step.Put(table, batch.Gradients, batch.IsRepeated), batch.Rules, PendingOf(batch), rules, batch.IsRepeated), takesFactors ? sizeof(TRule) : 0);

    /// <summary>The same with the numbers of the rules' steps.</summary>
    private static unsafe StepTable Put<TRule>(IlgpuStep step, IlgpuUpdateTable table, UpdateBatch batch, ReadOnlySpan<TRule> rules, ReadOnlySpan<uint> steps) where TRule : unmanaged, IUpdateRule =>
        Complete(step, batch, step.Put(step.Put(table, batch.Gradients, batch.IsRepeated), batch.Rules, PendingOf(batch), rules, steps, batch.IsRepeated), sizeof(NumberedRule<TRule>));

    private static StepTable Complete(IlgpuStep step, UpdateBatch batch, StepTable placed, int stride)
    {
        placed = placed with { AveragePlace = PutAverage(step, batch) };
        if (batch.GradientNorm is IlgpuGradientNorm norm)
            step.Add(new CompleteLaunch(placed, stride, stride == 0 ? 0 : placed.RulesPlace.Count, norm));
        return placed;
    }

    private static ReadOnlySpan<ulong> PendingOf(UpdateBatch batch) => batch.GradientNorm is IlgpuGradientNorm { MaySkip: true } ? batch.Pending : [];

    private static StepPlace PutAverage(IlgpuStep step, UpdateBatch batch) => batch.HasAverages ? step.Block.Put<AverageRule>([batch.Average], 1) : default;
}
