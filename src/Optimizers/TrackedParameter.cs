using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>A parameter with what its optimizer remembers of it.</summary>
internal sealed class TrackedParameter(Parameter parameter, int group, int columns)
{
    public Parameter Parameter { get; } = parameter;

    /// <summary>Index of its group.</summary>
    public int Group { get; } = group;

    /// <summary>Where its data lie, as the tables say.</summary>
    public nint DataAddress { get; set; }

    /// <summary>State tensors by column; null until a step needs them.</summary>
    public DeviceBuffer?[] State { get; } = new DeviceBuffer?[columns];

    /// <summary>How often the parameter was updated, as far as is known.</summary>
    public long Step { get; set; }

    /// <summary>The scalars that the updates so far have left, once there was one.</summary>
    public StateScalars Scalars { get; set; }

    /// <summary>What they are if the last step was done.</summary>
    public StateScalars NextScalars { get; set; }

    /// <summary>The bits of the steps that may have updated it, too, unless the device skipped them.</summary>
    public ulong Pending { get; set; }

    /// <summary>Whether the last step that was not the one before again updated it, as far as is known.</summary>
    public bool IsUpdated { get; set; }

    /// <summary>A bit for each column that an update has written.</summary>
    public uint Written { get; set; }

    /// <summary>A bit for each column that the present options use.</summary>
    public uint InUse { get; set; }

    /// <summary>The shape, to hand on without copying.</summary>
    public long[] Shape { get; } = [.. parameter.Shape];

    /// <summary>The shape of the whole tensor, where the parameter is a slice of one.</summary>
    public long[] WholeShape { get; } = [.. parameter.WholeShape];
}
