using GpuOptim.Optimizers;
using TorchSharp;
using Optimizer = GpuOptim.Optimizers.Optimizer;
using Parameters = System.Collections.Generic.IEnumerable<(string name, TorchSharp.Modules.Parameter parameter)>;

namespace GpuOptim.TorchSharp;

/// <summary>Optimizers for TorchSharp's modules: of all their parameters, or of named ones.</summary>
/// <remarks>
/// Parameters must be float32, bfloat16 or float16, dense and contiguous, all on the CPU or all on one CUDA card; what is not is refused by its name
/// (<see cref="NotSupportedException"/>). Tied weights, which are one tensor under two names, are one parameter. Steps use as many threads as
/// <c>torch.get_num_threads()</c> says when the optimizer is made.
/// </remarks>
public static class TorchOptimizers
{
    /// <summary><see cref="Optimizers.Sgd"/> for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
    /// <returns>The optimizer; whoever made it disposes of it.</returns>
    public static TorchOptimizer<Sgd> Sgd(this torch.nn.Module model, SgdOptions? options = null) => Create(model, parameters => new Sgd(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.RmsProp"/> for a model.</summary>
    public static TorchOptimizer<RmsProp> RmsProp(this torch.nn.Module model, RmsPropOptions? options = null) => Create(model, parameters => new RmsProp(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Adam"/> for a model.</summary>
    public static TorchOptimizer<Adam> Adam(this torch.nn.Module model, AdamOptions? options = null) => Create(model, parameters => new Adam(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.AdamW"/> for a model.</summary>
    public static TorchOptimizer<AdamW> AdamW(this torch.nn.Module model, AdamWOptions? options = null) => Create(model, parameters => new AdamW(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.NAdam"/> for a model.</summary>
    public static TorchOptimizer<NAdam> NAdam(this torch.nn.Module model, NAdamOptions? options = null) => Create(model, parameters => new NAdam(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.RAdam"/> for a model.</summary>
    public static TorchOptimizer<RAdam> RAdam(this torch.nn.Module model, RAdamOptions? options = null) => Create(model, parameters => new RAdam(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Adamax"/> for a model.</summary>
    public static TorchOptimizer<Adamax> Adamax(this torch.nn.Module model, AdamaxOptions? options = null) => Create(model, parameters => new Adamax(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Lion"/> for a model.</summary>
    public static TorchOptimizer<Lion> Lion(this torch.nn.Module model, LionOptions? options = null) => Create(model, parameters => new Lion(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Lamb"/> for a model.</summary>
    public static TorchOptimizer<Lamb> Lamb(this torch.nn.Module model, LambOptions? options = null) => Create(model, parameters => new Lamb(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Adafactor"/> for a model.</summary>
    public static TorchOptimizer<Adafactor> Adafactor(this torch.nn.Module model, AdafactorOptions? options = null) => Create(model, parameters => new Adafactor(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Adagrad"/> for a model.</summary>
    public static TorchOptimizer<Adagrad> Adagrad(this torch.nn.Module model, AdagradOptions? options = null) => Create(model, parameters => new Adagrad(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Adadelta"/> for a model.</summary>
    public static TorchOptimizer<Adadelta> Adadelta(this torch.nn.Module model, AdadeltaOptions? options = null) => Create(model, parameters => new Adadelta(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Asgd"/> for a model.</summary>
    public static TorchOptimizer<Asgd> Asgd(this torch.nn.Module model, AsgdOptions? options = null) => Create(model, parameters => new Asgd(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary><see cref="Optimizers.Rprop"/> for a model.</summary>
    public static TorchOptimizer<Rprop> Rprop(this torch.nn.Module model, RpropOptions? options = null) => Create(model, parameters => new Rprop(parameters, options));

    /// <inheritdoc cref="Sgd(torch.nn.Module, SgdOptions)"/>
    /// <summary>
    /// <see cref="Optimizers.Muon"/> for a model of matrices alone; <see cref="ModelOptimizer(torch.nn.Module, IReadOnlyList{Assignment})"/> trains
    /// the others by another.
    /// </summary>
    public static TorchOptimizer<Muon> Muon(this torch.nn.Module model, MuonOptions? options = null) => Create(model, parameters => new Muon(parameters, options));

    /// <inheritdoc cref="Muon(torch.nn.Module, MuonOptions)"/>
    /// <summary><see cref="Optimizers.NorMuon"/> for a model of matrices alone.</summary>
    public static TorchOptimizer<NorMuon> NorMuon(this torch.nn.Module model, NorMuonOptions? options = null) => Create(model, parameters => new NorMuon(parameters, options));

    /// <summary>Different algorithms for the parameters of one model: <see cref="Optimizers.ModelOptimizer"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="assignments">Who trains what.</param>
    /// <returns>The optimizer; whoever made it disposes of it. <c>Inner.Explain()</c> says who got what, and why.</returns>
    public static TorchOptimizer<ModelOptimizer> ModelOptimizer(this torch.nn.Module model, params IReadOnlyList<Assignment> assignments) =>
        Create(model, parameters => new ModelOptimizer(parameters, assignments));

    /// <inheritdoc cref="ModelOptimizer(torch.nn.Module, IReadOnlyList{Assignment})"/>
    /// <param name="parameters">The parameters by name.</param>
    /// <param name="assignments">Who trains what.</param>
    public static TorchOptimizer<ModelOptimizer> ModelOptimizer(this Parameters parameters, params IReadOnlyList<Assignment> assignments)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return new(null, parameters, all => new ModelOptimizer(all, assignments));
    }

    /// <summary>The optimizer that options are of, one of your own, say, for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Hyper-parameters; their type is that of the algorithm.</param>
    /// <returns>The optimizer; whoever made it disposes of it.</returns>
    public static TorchOptimizer<Optimizer> Optimizer(this torch.nn.Module model, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Create(model, options.CreateOptimizer);
    }

    /// <summary>The optimizer that options are of, for some parameters of a model: <c>model.named_parameters().Where(…).Optimizer(…)</c>.</summary>
    /// <param name="parameters">The parameters by name.</param>
    /// <param name="options">Hyper-parameters; their type is that of the algorithm.</param>
    /// <returns>The optimizer; whoever made it disposes of it.</returns>
    public static TorchOptimizer<Optimizer> Optimizer(this Parameters parameters, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        return new(null, parameters, options.CreateOptimizer);
    }

    private static TorchOptimizer<T> Create<T>(torch.nn.Module model, Func<IEnumerable<Host.Parameter>, T> create) where T : Optimizer
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model, model.named_parameters(), create);
    }
}
