using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <content>Averages in the parameters' place, and out of it.</content>
public sealed partial class WeightAverage
{
    /// <summary>The parameters' own numbers, while the averages' are in their place and have another type.</summary>
    private DeviceBuffer[]? _swapped;

    /// <summary>Exchanges parameters and averages: to evaluate the averages, and once more to train on.</summary>
    /// <remarks>
    /// Averages of another type than the parameters are rounded into their place and stay what they are; the parameters' numbers are kept aside until then. Between
    /// the two calls there can be no update.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">This, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public void Swap()
    {
        Check();
        if (IsApart)
        {
            SwapAside();
            return;
        }
        foreach (var (type, _, members) in _batches)
        {
            // Made for this time only: it is rare, and parameters may move.
            using var table = Device.CreateUpdateBatch(
                type, type, [.. members.Select(i => new UpdateSegment(_parameters[i].Data.Address, _averages[i].Data.Address, 0, 0, _parameters[i].Length))]);
            for (var i = 0; i < members.Length; i++)
                table.Gradients[i] = _parameters[members[i]].Data.Address;
            Device.Update<SwapRule>([default], table);
        }
    }

    /// <summary>Refuses something while averages of another type stand where parameters should, and nobody else has these.</summary>
    /// <param name="done">What must not be done.</param>
    internal void ThrowIfSwapped(string done = "updated")
    {
        if (_swapped is not null)
            throw new InvalidOperationException($"Averages must not be {done} between two calls of Swap, while they are in the parameters' place. Call Swap first.");
    }

    /// <summary>Puts averages of another type in the parameters' place, or takes them out again.</summary>
    private void SwapAside()
    {
        if (_swapped is { } own)
        {
            for (var i = 0; i < own.Length; i++)
                Device.Copy(own[i].Address, _parameters[i].Data.Address, own[i].SizeInBytes);
            Device.Synchronize();
            Array.ForEach(own, buffer => buffer.Dispose());
            _swapped = null;
            return;
        }
        own = [.. _parameters.Select(parameter => Device.CreateBuffer(parameter.ElementType, parameter.Length))];
        for (var i = 0; i < own.Length; i++)
            Device.Copy(_parameters[i].Data.Address, own[i].Address, own[i].SizeInBytes);
        _swapped = own;
        foreach (var (type, _, members) in _batches)
        {
            using var table = Device.CreateUpdateBatch(
                new UpdateTypes(type, TypeOf(_parameters[members[0]]), ElementType.Float32, ElementType.Float32),
                [.. members.Select(i => new UpdateSegment(_parameters[i].Data.Address, 0, 0, 0, _parameters[i].Length))]);
            for (var i = 0; i < members.Length; i++)
                table.Gradients[i] = _averages[members[i]].Data.Address;
            Device.Update<CopyRule>([default], table);
        }
    }
}
