using GpuOptim.Host;
using GpuOptim.Optimizers;
using TorchSharp;
using static TorchSharp.torch.optim;
using Modules = TorchSharp.Modules;
using Optimizer = GpuOptim.Optimizers.Optimizer;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.TorchSharp;

/// <summary>
/// An optimizer of this library as one of TorchSharp's: it steps on the tensors' own memory, on the CPU or on a CUDA card, and TorchSharp's schedulers move
/// its rates.
/// </summary>
/// <remarks>
/// Made by <see cref="TorchOptimizers"/>: <c>model.AdamW(new() { LearningRate = 1e-3 })</c>. The optimizer at work, <see cref="Inner"/>, has what
/// TorchSharp's have not: gradient clipping and scaling, averages, checkpoints. Steps write past autograd: it does not notice that a parameter changed between
/// a forward and its backward pass.
/// </remarks>
public abstract partial class TorchOptimizer : Modules.OptimizerHelper, IMomentum
{
    private readonly torch.nn.Module? _module;
    private readonly Device _device;
    private readonly OptimizerOptions _options;
    private readonly List<TensorBinding> _bindings = [];
    private readonly List<TorchParameterGroup> _groups = [];

    private protected TorchOptimizer(torch.nn.Module? module, IEnumerable<(string Name, TorchParameter Parameter)> parameters, Func<IEnumerable<Parameter>, Optimizer> create)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        (string Name, TorchParameter Tensor)[] tensors = [.. parameters];
        if (tensors.Length == 0)
            throw new ArgumentException("parameters must hold at least one parameter. Actual number was 0.", nameof(parameters));
        ThrowIfGone(tensors);
        _module = module;
        _device = TensorBinding.Open(tensors[0].Name, tensors[0].Tensor);
        try
        {
            Inner = create(Bind(tensors).Select(binding => binding.Parameter));
        }
        catch
        {
            _device.Dispose();
            throw;
        }
        _options = Inner.Groups[0].AnyOptions;
        Inner.ReadingGradients += Read;
        _parameter_groups = new List<Modules.ParamGroup>();
        foreach (var group in Inner.Groups)
            Add(group, options: null);
    }

    /// <summary>The optimizer at work: for clipping, scaling, averages, checkpoints, hyper-parameters.</summary>
    public Optimizer Inner { get; }

    /// <summary>The groups, in the order in which they came.</summary>
    public override IEnumerable<ILearningRateController> ParamGroups => _groups;

    /// <summary>That of the first group; set, it is that of all groups.</summary>
    double IMomentum.Momentum
    {
        get => ((IMomentum)_groups[0]).Momentum;
        set => _groups.ForEach(group => ((IMomentum)group).Momentum = value);
    }

    /// <summary>Updates every parameter that has a gradient, in place.</summary>
    /// <param name="closure">Computes the loss, and its gradients, first.</param>
    /// <returns>What <paramref name="closure"/> returned; null without one.</returns>
    /// <exception cref="NotSupportedException">A gradient is sparse or not contiguous, or a parameter became another. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer or a parameter was disposed of. Nothing was changed.</exception>
    public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
    {
        torch.Tensor? loss = null;
        if (closure is not null)
        {
            using var withGradients = torch.enable_grad();
            loss = closure();
        }
        Inner.Step();
        return loss;
    }

    /// <summary>Sets every gradient to zero.</summary>
    public override void zero_grad() => Inner.ZeroGradients();

    /// <summary>Sets every gradient to zero, or to null, which gives its memory back.</summary>
    /// <param name="set_to_none">Whether to null; PyTorch's default.</param>
    public void zero_grad(bool set_to_none)
    {
        if (!set_to_none)
        {
            zero_grad();
            return;
        }
        ThrowIfGone();
        foreach (var binding in _bindings)
        {
            binding.Tensor.grad = null;
            binding.Parameter.ReleaseGradient();
        }
    }

    /// <summary>Adds a group of parameters.</summary>
    /// <param name="param_group">
    /// The parameters, and what TorchSharp's options of the same kind say; the rest is what the first group was made with. Names are the model's, or else numbers.
    /// </param>
    /// <exception cref="ArgumentException">A parameter cannot be added, or the options are of another optimizer. Nothing was changed.</exception>
    /// <exception cref="NotSupportedException">A parameter is of a type, a layout or on a device that cannot be taken. Nothing was changed.</exception>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        ArgumentNullException.ThrowIfNull(param_group);
        ArgumentNullException.ThrowIfNull(param_group.Parameters);
        var names = _module?.named_parameters().ToDictionary(named => named.parameter.Handle, named => named.name) ?? [];
        AddGroup(
            param_group.Parameters.Select((parameter, i) => (names.GetValueOrDefault(parameter.Handle) ?? $"{_bindings.Count + i}", parameter)),
            TorchOptions.Apply(param_group.Options, _options, Inner),
            param_group.Options);
    }

    /// <summary>Adds a group of parameters, with all of this library's hyper-parameters.</summary>
    /// <param name="parameters">The parameters by name: <c>module.named_parameters()</c>.</param>
    /// <param name="options">Their hyper-parameters.</param>
    /// <exception cref="ArgumentException">A parameter cannot be added, or the options are of another optimizer. Nothing was changed.</exception>
    /// <exception cref="NotSupportedException">A parameter is of a type, a layout or on a device that cannot be taken. Nothing was changed.</exception>
    public TorchParameterGroup AddGroup(IEnumerable<(string Name, TorchParameter Parameter)> parameters, OptimizerOptions options) => AddGroup(parameters, options, null);

    /// <summary>Adds all parameters of a module as a group.</summary>
    /// <param name="module">The module.</param>
    /// <param name="name">What it is called: parameters are <c>NAME.weight</c>, and so on.</param>
    /// <param name="options">Their hyper-parameters.</param>
    /// <inheritdoc cref="AddGroup(IEnumerable{ValueTuple{string, TorchParameter}}, OptimizerOptions)"/>
    public TorchParameterGroup AddGroup(torch.nn.Module module, string name, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return AddGroup(module.named_parameters().Select(named => ($"{name}.{named.name}", named.parameter)), options);
    }

    /// <summary>Nothing, on the device where the optimizer is; it cannot move.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="NotSupportedException">It is another device.</exception>
    public new void to(torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        ThrowIfGone();
        if (device.type != _bindings[0].Tensor.device_type || (device.type != DeviceType.CPU && device.index != _bindings[0].Tensor.device_index))
            throw new NotSupportedException($"The optimizer must stay on {_bindings[0].Tensor.device}. Make one after model.to({device}).");
    }

    /// <summary>Gives back the optimizer's state. Parameters stay.</summary>
    /// <param name="disposing">Whether by the program, not by the garbage collector.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
            _device.Dispose();
        }
        base.Dispose(disposing);
    }

    private TorchParameterGroup AddGroup(IEnumerable<(string Name, TorchParameter Parameter)> parameters, OptimizerOptions options, Modules.OptimizerOptions? torch)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        var count = _bindings.Count;
        try
        {
            return Add(Inner.AddGroup(Bind([.. parameters]).Select(binding => binding.Parameter), options), torch);
        }
        catch
        {
            foreach (var binding in _bindings[count..])
                binding.Dispose();
            _bindings.RemoveRange(count, _bindings.Count - count);
            throw;
        }
    }

    private TorchParameterGroup Add(ParameterGroup inner, Modules.OptimizerOptions? options)
    {
        var tensors = _bindings.ToDictionary(binding => binding.Parameter, binding => binding.Tensor);
        var group = TorchParameterGroup.Create(inner, [.. inner.Parameters.Select(parameter => tensors[parameter])], options);
        _groups.Add(group);
        _parameter_groups.Add(group);
        return group;
    }

    private static void ThrowIfGone((string Name, TorchParameter Tensor)[] tensors)
    {
        foreach (var (name, tensor) in tensors)
        {
            if (tensor is null || tensor.IsInvalid)
                throw new ArgumentException($"Parameter '{name}' must be there. It is null, or was disposed of.", nameof(tensors));
        }
    }

    /// <summary>Binds tensors; what stands under two names, as tied weights do, is one parameter under its first.</summary>
    private List<TensorBinding> Bind((string Name, TorchParameter Tensor)[] tensors)
    {
        ThrowIfGone(tensors);
        var present = _bindings.Select(binding => binding.Tensor.Handle).ToHashSet();
        var added = new Dictionary<nint, TensorBinding>();
        foreach (var (name, tensor) in tensors)
        {
            if (present.Contains(tensor.Handle))
                throw new ArgumentException($"Parameter '{name}' must be given once. It is in the optimizer already.", nameof(tensors));
            if (tensor.device_type != tensors[0].Tensor.device_type || tensor.device_index != tensors[0].Tensor.device_index)
                throw new NotSupportedException($"Parameter '{name}' must be on the device of the others. Actual device was {tensor.device}.");
            if (!added.ContainsKey(tensor.Handle))
                added.Add(tensor.Handle, TensorBinding.Create(_device, name, tensor));
        }
        _bindings.AddRange(added.Values);
        return [.. added.Values];
    }

    /// <summary>Finds parameters, gradients and rates, which may have changed, before the optimizer looks at them.</summary>
    private void Read(object? sender, EventArgs arguments)
    {
        SynchronizeRates();
        foreach (var binding in _bindings)
            binding.Read();
    }

    private void ThrowIfGone()
    {
        foreach (var binding in _bindings)
            binding.ThrowIfGone();
    }

    private void SynchronizeRates()
    {
        foreach (var group in _groups)
            group.Synchronize();
    }
}
