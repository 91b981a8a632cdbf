using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>How a file is taken that was not written for just these parameters: other names, other types, more or fewer tensors.</summary>
public sealed record LoadOptions
{
    /// <summary>What a tensor of the file is called here, given its name there; <see cref="Checkpoints.Rename"/> has the usual ones. Null: the same.</summary>
    public Func<string, string>? Rename { get; init; }

    /// <summary>
    /// Whether parameters and state of another type of float (float64, float32, bfloat16, float16) are taken, each number rounded to the nearest, as PyTorch's
    /// <c>copy_</c> does: from float64 to 16 bits by way of float32. And a run of another <see cref="StatePrecision"/> or <see cref="ParameterRounding"/>: hyper-parameters
    /// and steps come from the file, how numbers lie in memory and are rounded is the optimizer's own.
    /// </summary>
    /// <remarks>
    /// Encoded state is decoded and encoded anew, to the nearest. A parameter's value is what the file has with what its rounding kept, a
    /// <c>master</c>, say: of that, a float parameter has all, and one that is rounded otherwise begins with what its own rounding keeps.
    /// </remarks>
    public bool Convert { get; init; }

    /// <summary>
    /// As PyTorch's <c>strict</c>: true refuses a file that lacks a parameter, or has a tensor that is none; false takes what fits by name. Null, the default,
    /// refuses a file that lacks a parameter.
    /// </summary>
    public bool? Strict { get; init; }

    /// <summary>Of PyTorch's files, the entry that holds the parameters, if programs do not usually call it so: <c>modelA_state_dict</c>, say.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// Of PyTorch's files, the entry that holds the optimizer's state, if programs do not usually call it so, or it is one of several:
    /// <c>optimizerA_state_dict</c>, <c>optimizer_states[1]</c>, <c>optimizers.generator</c>.
    /// </summary>
    public string? Optimizer { get; init; }

    /// <summary>Which constants hold where the file has others than a schedule.</summary>
    public ScheduleConstants ScheduleConstants { get; init; }

    /// <summary>Is told which part of the file's bytes was done, from 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
}
