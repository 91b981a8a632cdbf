using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using Modules = TorchSharp.Modules;

namespace GpuOptim.TorchSharp;

/// <summary>Hyper-parameters of a group, as TorchSharp's state dictionaries have them.</summary>
internal sealed class TorchGroupState : Modules.OptimizerOptions
{
    private readonly StateTransfer _transfer;

    public TorchGroupState(StateTransfer transfer, GroupState state, double initialRate)
    {
        (_transfer, State) = (transfer, state);
        (LearningRate, InitialLearningRate) = (state.Options.LearningRate, initialRate);
    }

    public GroupState State { get; private set; }

    public override void SaveStateDict(BinaryWriter writer)
    {
        base.SaveStateDict(writer);
        writer.Write(State.Optimizer);
        writer.Write(State.Parameters.Count);
        foreach (var name in State.Parameters)
            writer.Write(name);
        var values = Checkpoint.Describe(State.Options).Values;
        writer.Write(values.Count);
        foreach (var (name, value) in values)
        {
            writer.Write(name);
            switch (value)
            {
                case bool flag:
                    writer.Write('b');
                    writer.Write(flag);
                    break;
                case double number:
                    writer.Write('d');
                    writer.Write(number);
                    break;
                case string text:
                    writer.Write('s');
                    writer.Write(text);
                    break;
                default:
                    var numbers = (double[])value;
                    writer.Write('l');
                    writer.Write(numbers.Length);
                    Array.ForEach(numbers, writer.Write);
                    break;
            }
        }
    }

    public override void LoadStateDict(BinaryReader reader)
    {
        base.LoadStateDict(reader);
        if (reader.ReadString() is var optimizer && optimizer != State.Optimizer)
            throw new InvalidDataException($"The state must be of a group of {State.Optimizer}. Actual optimizer was {optimizer}.");
        if (reader.ReadInt32() is var count && count != State.Parameters.Count)
            throw new InvalidDataException($"The state must be of a group of {State.Parameters.Count} parameters. Actual number was {count}.");
        foreach (var own in State.Parameters)
        {
            if (reader.ReadString() is var name && name != own)
                throw new InvalidDataException($"The state must be of a group with parameter '{own}' in this place. Actual parameter was '{name}'.");
        }
        var values = new HyperParameters();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var name = reader.ReadString();
            values.AddAny(name, reader.ReadChar() switch
            {
                'b' => reader.ReadBoolean(),
                'd' => reader.ReadDouble(),
                's' => reader.ReadString(),
                'l' => Numbers(reader),
                var other => throw new InvalidDataException($"Hyper-parameter '{name}' must be of kind b, d, s or l. Actual kind was {other}."),
            });
        }
        State = State with { Options = Checkpoint.Options(values, State.Options) };
        _transfer.Read();
    }

    private static double[] Numbers(BinaryReader reader)
    {
        // Read one by one: a damaged length must not ask for memory.
        var numbers = new List<double>();
        for (var left = reader.ReadInt32(); left > 0; left--)
            numbers.Add(reader.ReadDouble());
        return [.. numbers];
    }
}
