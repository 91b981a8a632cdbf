using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>What a file holds of a run or of a model, as it lies on the device.</summary>
internal static class TorchRunWriter
{
    /// <summary>A run, with what else its model holds.</summary>
    public static PickleDictionary Run(Optimizer optimizer, IReadOnlyList<ISchedule> schedules, IEnumerable<ModelBuffer> buffers)
    {
        Checkpoint.ThrowIfUnfit(optimizer, schedules);
        optimizer.ThrowIfUnsavable();
        if (optimizer.Accumulation is { Count: > 0 } accumulation)
            throw new ArgumentException($"PyTorch's files are of whole steps. {accumulation.Count} of {accumulation.Batches} batches of the next are accumulated: take Checkpoint, or save when Step returned true.", nameof(optimizer));
        var parameters = optimizer.LiveParameters();
        var root = new PickleDictionary();
        if (optimizer.Declared is ModelOptimizer model)
            root[TorchRun.OptimizersKey] = model.Optimizers.Select(each => (object?)TorchState.Write(each, schedules)).ToList();
        else
            root[TorchRun.OptimizerKey] = TorchState.Write(optimizer.Declared, schedules);
        root[TorchRun.ParametersKey] = parameters.Values.ToList<object?>();
        root[TorchRun.ModelKey] = Model(parameters, buffers);
        if (optimizer.GradientScaler is { } scaler)
            root[TorchRun.ScalerKey] = TorchScaler.Write(scaler.State());
        if (schedules is [var only])
            root[TorchRun.SchedulerKey] = TorchSchedule.Write(only);
        else if (schedules.Count > 1)
            root[TorchRun.SchedulersKey] = schedules.Select(schedule => (object?)TorchSchedule.Write(schedule)).ToList();
        return root;
    }

    /// <summary>Tensors by name.</summary>
    public static PickleDictionary Model(Dictionary<string, StateTensor> parameters, IEnumerable<ModelBuffer> buffers) => new(
    [
        .. parameters.Select(pair => KeyValuePair.Create((object)pair.Key, (object?)pair.Value)),
        .. buffers.Select(buffer => KeyValuePair.Create((object)buffer.Name, (object?)buffer)),
    ]);
}
