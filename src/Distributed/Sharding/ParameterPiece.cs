using GpuOptim.Host;

namespace GpuOptim.Distributed.Sharding;

/// <summary>A piece as the optimizer of this rank sees it: a parameter in the memory of buckets.</summary>
/// <param name="name">What it is called.</param>
/// <param name="shape">Its shape.</param>
/// <param name="data">Its numbers; of a matrix, which is updated elsewhere, any memory that no other piece has.</param>
/// <param name="gradient">Its gradient, of any type.</param>
/// <param name="origin">The parameter that it is a piece of, and where it begins; null if it is a piece of nothing.</param>
internal sealed class ParameterPiece(string name, ReadOnlySpan<long> shape, DeviceBuffer data, DeviceBuffer gradient, (Parameter Parameter, long Start)? origin)
    : Parameter(name, shape, data)
{
    private DeviceBuffer _gradient = gradient;

    public override DeviceBuffer Data { get; } = data;

    internal override DeviceBuffer GradientBuffer => _gradient;

    internal override (Parameter Parameter, long Start) Origin => origin ?? (this, 0);

    internal override bool TakesTurns => true;

    internal override ElementType GradientType => _gradient.ElementType;

    /// <summary>Has its gradient lie elsewhere.</summary>
    public void MoveGradient(DeviceBuffer gradient)
    {
        _gradient = gradient;
        Device.CountChange();
    }

    public override void ReleaseGradient() => HasGradient = false;

    internal override void ClearGradient() => _gradient.Clear();

    public override void Dispose()
    {
    }
}
