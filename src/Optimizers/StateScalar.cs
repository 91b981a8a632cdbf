namespace GpuOptim.Optimizers;

/// <summary>
/// Declares a number of an optimizer's state that each parameter has one of, as it has a step count: what constants of a step depend on and the count
/// alone does not tell, because hyper-parameters may have been others before.
/// </summary>
/// <remarks>
/// It lies on the host, as float, and reaches rules by way of their constants. It is saved and loaded with the other state, as a tensor of no dimensions, which
/// PyTorch's is. Skipped steps leave it as it was: where a device skips steps that a <see cref="GradientScaler"/> finds not finite, the next step waits to
/// know whether it did.
/// </remarks>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
/// <param name="Name">Its name in state dictionaries; PyTorch's.</param>
/// <param name="First">What it is at the first update.</param>
/// <param name="Next">What it is after an update, at which it was what <see cref="StepInfo.Scalars"/> says.</param>
public sealed record StateScalar<TOptions>(string Name, Func<TOptions, double> First, Func<TOptions, StepInfo, double> Next) where TOptions : OptimizerOptions;
