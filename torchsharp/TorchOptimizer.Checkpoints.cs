using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Optimizers.Schedules;
using TorchSharp;

namespace GpuOptim.TorchSharp;

/// <content>Whole runs in PyTorch's files: parameters and buffers of the model, and the optimizer.</content>
public abstract partial class TorchOptimizer
{
    /// <summary>
    /// Writes a file for <c>torch.load</c>: <c>{"model": model.state_dict(), "optimizer": optimizer.state_dict(), …}</c>, as
    /// <see cref="TorchCheckpoint"/> does, with the model's buffers.
    /// </summary>
    /// <inheritdoc cref="TorchCheckpoint.Save(string, Optimizers.Optimizer, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="schedules">This library's schedules, on <see cref="Inner"/>.</param>
    /// <exception cref="NotSupportedException">A buffer is of a type that is not written.</exception>
    public void SaveCheckpoint(string path, params IReadOnlyList<ISchedule> schedules)
    {
        ThrowIfGone();
        SynchronizeRates();
        TorchCheckpoint.SaveRun(path, Inner, schedules, [.. Buffers().Select(named => ToBuffer(named.Name, named.Tensor))], [.. Ties()]);
    }

    /// <summary>Goes on from a file of PyTorch's, as <see cref="TorchCheckpoint"/> does, with the model's buffers, which the file must have.</summary>
    /// <inheritdoc cref="TorchCheckpoint.Load(string, Optimizers.Optimizer, LoadOptions, IReadOnlyList{ISchedule})"/>
    /// <param name="path">The file.</param>
    /// <param name="options">How names and types are taken; as they are if null.</param>
    /// <param name="schedules">This library's schedules, on <see cref="Inner"/>.</param>
    public void LoadCheckpoint(string path, LoadOptions? options = null, params IReadOnlyList<ISchedule> schedules)
    {
        ThrowIfGone();
        SynchronizeRates();
        (string Name, torch.Tensor Tensor)[] own = [.. Buffers()];
        TorchCheckpoint.LoadRun(path, Inner, options, schedules, [.. own.Select(named => ToBuffer(named.Name, named.Tensor))], loaded =>
        {
            using var withoutGradients = torch.no_grad();
            for (var i = 0; i < loaded.Count; i++)
            {
                using var value = torch.empty(loaded[i].Shape, own[i].Tensor.dtype);
                value.bytes = loaded[i].Bytes;
                own[i].Tensor.copy_(value);
            }
        });
    }

    /// <summary>What the model has besides what the optimizer trains: buffers, and parameters of others.</summary>
    private IEnumerable<(string Name, torch.Tensor Tensor)> Buffers()
    {
        var trained = _bindings.Select(binding => binding.Tensor.Handle).ToHashSet();
        return _module?.state_dict().Where(pair => !trained.Contains(pair.Value.Handle)).Select(pair => (pair.Key, pair.Value)) ?? [];
    }

    /// <summary>Names under which a trained parameter stands again, as tied weights do.</summary>
    private IEnumerable<(string Name, string Of)> Ties()
    {
        var names = _bindings.ToDictionary(binding => binding.Tensor.Handle, binding => binding.Name);
        return _module?.state_dict().Where(pair => names.TryGetValue(pair.Value.Handle, out var name) && name != pair.Key).Select(pair => (pair.Key, names[pair.Value.Handle])) ?? [];
    }

    private static ModelBuffer ToBuffer(string name, torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        var type = tensor.dtype switch
        {
            torch.ScalarType.Byte => "UInt8",
            torch.ScalarType.ComplexFloat32 => "Complex64",
            torch.ScalarType.ComplexFloat64 => "Complex128",
            var other => $"{other}",
        };
        return new(name, type, tensor.shape, tensor.detach().cpu().contiguous().bytes.ToArray());
    }
}
