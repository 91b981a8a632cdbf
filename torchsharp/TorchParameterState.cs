using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using TorchSharp;
using Modules = TorchSharp.Modules;

namespace GpuOptim.TorchSharp;

/// <summary>What an optimizer remembers of a parameter, as TorchSharp's state dictionaries have it.</summary>
/// <param name="transfer">What reads it.</param>
/// <param name="parameter">The parameter.</param>
/// <param name="name">Its name.</param>
/// <param name="state">The state; null before its first update.</param>
internal sealed class TorchParameterState(StateTransfer transfer, Modules.Parameter parameter, string name, ParameterState? state) : Modules.OptimizerState(parameter)
{
    public string Name => name;

    public ParameterState? State { get; private set; } = state;

    public override void Initialize(Modules.OptimizerOptions options) => State = null;

    public override bool ApproximatelyEquals(Modules.OptimizerState other)
    {
        if (other is not TorchParameterState { State: var theirs } || State?.Step != theirs?.Step || State?.Tensors.Count != theirs?.Tensors.Count)
            return false;
        foreach (var (slot, tensor) in State?.Tensors ?? new Dictionary<string, StateTensor>())
        {
            if (!theirs!.Tensors.TryGetValue(slot, out var same) || !tensor.Bytes.ToArray().AsSpan().SequenceEqual(same.Bytes.ToArray()))
                return false;
        }
        return true;
    }

    public override void LoadStateDict(Modules.OptimizerState source) =>
        State = ((TorchParameterState)source).State;

    public override void SaveStateDict(BinaryWriter writer)
    {
        writer.Write(State is not null);
        if (State is null)
            return;
        writer.Write(State.Step ?? -1);
        writer.Write(State.Tensors.Count);
        foreach (var (slot, tensor) in State.Tensors)
        {
            writer.Write(slot);
            writer.Write((int)tensor.ElementType);
            var bytes = tensor.Bytes.ToArray();
            writer.Write((long)bytes.Length);
            writer.Write(bytes);
        }
    }

    public override void LoadStateDict(BinaryReader reader)
    {
        State = reader.ReadBoolean() ? Read(reader) : null;
        transfer.Read();
    }

    public override void to(torch.Device device)
    {
    }

    private ParameterState Read(BinaryReader reader)
    {
        var step = reader.ReadInt64();
        var tensors = new OrderedDictionary<string, StateTensor>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var slot = reader.ReadString();
            var type = (ElementType)reader.ReadInt32();
            var length = reader.ReadInt64();
            var shape = transfer.ShapeOf(slot, _parameter.shape);
            if (!Enum.IsDefined(type) || length != shape.Aggregate(1L, (product, extent) => product * extent) * type.Size())
                throw new InvalidDataException($"State '{slot}' of parameter '{name}' must be one of {string.Join(", ", Enum.GetNames<ElementType>())}, of shape {TensorMemory.Describe(shape)}. Actual type was {type} of {length} bytes.");
            var bytes = new byte[length];
            reader.BaseStream.ReadExactly(bytes);
            if (!tensors.TryAdd(slot, new(type, shape, new TensorBytes.OnHost(bytes))))
                throw new InvalidDataException($"State '{slot}' of parameter '{name}' must be there once.");
        }
        return new(step < 0 ? null : step, tensors);
    }
}
