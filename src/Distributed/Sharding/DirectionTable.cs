using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Moves matrices of one group and shape, or rows of them, along directions that their owners orthogonalized.</summary>
internal sealed class DirectionTable : IDisposable
{
    private readonly Device _device;
    private readonly UpdateBatch _table;
    private readonly (Piece Piece, long Start)[] _parts;

    /// <param name="device">The device.</param>
    /// <param name="group">The matrices' group.</param>
    /// <param name="parts">What this rank has of each matrix: where it begins in the tensor, and how long it is.</param>
    public DirectionTable(Device device, MuonOptionsBase group, IReadOnlyList<(Piece Piece, long Start, long Length)> parts)
    {
        _device = device;
        _parts = [.. parts.Select(part => (part.Piece, part.Start))];
        var type = parts[0].Piece.Tensor.Parameter.ElementType;
        var stateType = group.StatePrecision == StatePrecision.SameAsParameter ? type : ElementType.Float32;
        _table = device.CreateUpdateBatch(type, stateType, [.. parts.Select(part => new UpdateSegment(part.Piece.Tensor.DataAt(part.Start), 0, 0, 0, part.Length))]);
        _table.GradientType = group.DirectionType;
        _table.ComputeType = group.ComputePrecision == ComputePrecision.Float32 ? ElementType.Float32 : stateType;
    }

    /// <summary>Moves those that have a gradient.</summary>
    /// <param name="group">The group's options in this step.</param>
    /// <param name="directionAt">Where the direction of each part is.</param>
    public void Run(MuonOptionsBase group, Func<int, nint> directionAt)
    {
        for (var i = 0; i < _parts.Length; i++)
            _table.Gradients[i] = _parts[i].Piece.Tensor.Parameter.HasGradient ? directionAt(i) : 0;
        _device.Update([group.UpdateRule(_parts[0].Piece.Rows, _parts[0].Piece.Columns)], _table);
    }

    public void Dispose() => _table.Dispose();
}
